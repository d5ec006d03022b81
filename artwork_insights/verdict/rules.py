"""Every rule of the verdict, as data: what each check is about, its limit, and what failing it does.

A check (`Diagnostic`) says what was found; a rule says what follows. Three effects exist. ``blocks``: the number says
nothing until it is mended, credibility is low. ``caveat``: the answer stands, credibility is at most moderate.
``informs``: shown, and nothing follows. A severe failure of a ``caveat`` blocks. Where one value says how severe it is,
the rule holds that value (`Rule.severe_at`) and nothing else decides; where it takes more than one, the check marks the
failure itself (``Diagnostic.blocking``) and the reason says when. A check without a rule counts as a ``caveat``, so
that a new one is never passed over.

High credibility promises that the interval can be taken at its word, so passing is not enough: what could prove the
design wrong must have been tried (`NEEDS`), and what is known to confound must not move the estimate by more than its
error (`Rule.limits_size`), since what is not known may do as much. Moderate credibility promises the direction.
"""

from __future__ import annotations

from artwork_insights.verdict.rule import Need, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "identification", "credibility", "blocks",
        "Without titles whose artworks differ in the component, an artwork cannot be told from its title.",
        remedy="Give titles artwork both with and without the component.",
    ),
    Rule(
        "overlap", "credibility", "caveat",
        "Below half of the rows the answer speaks of a minority of the artwork; severe where fewer than 10 rows' worth "
        "is left on a side, or less than 1 % of the variance of a component that there is more or less of, since an "
        "estimate from them hangs on single artworks.",
        side="at_least", unsettled="whether there is artwork to compare with",
        remedy="Make artwork of the kind that is missing, so that both sides can be compared.",
    ),
    Rule(
        "treatment_variance_left", "credibility", "caveat",
        "With less than 5 % of the component's variation left, the effect is learnt from noise; usually a confounder "
        "encodes the component itself.",
        side="at_least", remedy="Leave the confounder that encodes the component out of the study.",
    ),
    Rule(
        "balance", "credibility", "caveat",
        "Differences below 0.1 SD are the field's convention for negligible (Austin 2009); severe where no adjustment "
        "by weights is believable.",
        side="at_most", severe_at=0.5,
        remedy="Name what still differs among the confounders in another form, or trim more.",
    ),
    Rule(
        "calibration", "credibility", "caveat",
        "Weights are made from the predicted chances; an error of 5 points moves a weight at 0.1 by half.",
        side="at_most", remedy="Try another learner for the chance of the component.",
    ),
    Rule(
        "outcome_r2", "credibility", "caveat",
        "A model of the outcome that does worse than a constant adds noise; 5 % worse is more than chance.",
        side="at_least", remedy="Try another learner, or fewer confounders.",
    ),
    Rule(
        "effective_titles", "credibility", "caveat",
        "Errors clustered by title need titles: with fewer than about 20 of equal weight even corrected intervals are "
        "too short at times (Cameron and Miller 2015).",
        side="at_least", remedy="Add titles whose artworks differ in the component.",
    ),
    Rule(
        "measurement", "credibility", "caveat",
        "A detector with sensitivity plus specificity less one below 0.8 shrinks an effect by more than about a fifth. "
        "While nobody knows its errors, the size of the effect is not known to be right.",
        side="at_least", unsettled="how exactly the component is measured",
        remedy="Label artworks by hand, so that the detector's errors are known and taken out.",
    ),
    Rule(
        "detector", "credibility", "caveat",
        "An effect that is no longer clear once the detector's errors are taken out was theirs; severe where it is "
        "clear and of the other sign. Where taking them out makes it larger or smaller by more than a tenth, its size "
        "is not the one shown.",
        limits_size=True, is_ratio=True,
        remedy="Label more artworks by hand, so that the detector's errors are known better.",
    ),
    Rule(
        "unconfoundedness", "credibility", "caveat",
        "What is not known about an artwork may be as strong as the strongest thing that is: the robustness value must "
        "lie above it (Cinelli and Hazlett 2020).",
        side="at_least", made_when="compared", is_relative=True, unsettled="whether something unseen is behind it",
        remedy="Run an A/B test: nothing else rules out what nobody measured.",
    ),
    Rule(
        "hidden_bias", "credibility", "informs",
        "Nothing observed says how large a Gamma is plausible (Rosenbaum 2002); the same doubt is decided once, by the "
        "robustness value.",
    ),
    Rule(
        "leave_one_block_out", "credibility", "caveat",
        "An unseen confounder like the strongest observed one would move the estimate as far: beyond the interval's "
        "distance from zero the direction is in doubt, beyond one standard error the size.",
        made_when="measured", limits_size=True,
        remedy="Measure more of what differs between artworks of a title, or run an A/B test.",
    ),
    Rule(
        "interference", "credibility", "caveat",
        "An artwork that does better beside certain siblings has no effect of its own to speak of; the usual 5 %, and "
        "enough to move the effect by its own error.",
        side="at_least", unsettled="whether artworks of a title affect each other",
        remedy="Change all artworks of a title at once in an A/B test over titles.",
    ),
    Rule(
        "serving_policy", "credibility", "caveat",
        "A recommender that shows an artwork to those who like it makes a winner of its audience: with audiences held "
        "alike the effect may move by its error or a tenth of itself; severe where nothing clear is left.",
        remedy="Log the propensities of what is shown, or show the artworks at random to a share of the audience.",
    ),
    Rule(
        "design_gap", "credibility", "caveat",
        "Both designs take each title's level out, so they should agree; 2.58 standard errors is one false alarm in "
        "100. Agreement proves nothing, so it informs.",
        side="at_most", passing_informs=True, unsettled="whether another comparison agrees",
        remedy="Look for what differs between artworks of a title and is not among the confounders.",
    ),
    Rule(
        "title_confounding", "credibility", "informs",
        "The comparison inside titles has already taken out what this measures.",
    ),
    Rule(
        "placebo_treatment", "credibility", "caveat",
        "A component dealt at random must be called an effect 1 time in 20, up to three errors of the draws; severe "
        "at three times that share, where every interval is too short.",
        side="at_most", severe_at=0.15, is_relative=True, unsettled="whether chance is told from an effect",
        remedy="Use the equally weighted estimate, or more titles.",
    ),
    Rule(
        "placebo_outcome", "credibility", "caveat",
        "An artwork cannot change what was there before it; 1 false alarm in 100, severe at 1 in 10,000.",
        side="at_most", is_relative=True, remedy="Add what was known before to the confounders.",
    ),
    Rule(
        "negative_control", "credibility", "caveat",
        "Something that cannot work and seems to work shows that something else does; 1 false alarm in 100.",
        side="at_most", is_relative=True,
        remedy="Look for what drives both the control and the outcome, and add it to the confounders.",
    ),
    Rule(
        "split_halves", "credibility", "caveat",
        "Random halves must seem to differ 1 time in 20, up to three errors of the draws; severe at three times that "
        "share, where every interval is too short.",
        side="at_most", severe_at=0.15, is_relative=True, remedy="Use the equally weighted estimate, or more titles.",
    ),
    Rule(
        "subset_stability", "credibility", "caveat",
        "Over random subsets of the titles the estimate must spread about as far as its error and the chance in making "
        "it anew predict; 1 false alarm in 1,000, severe where the error is far too small for any interval.",
        side="at_most", severe_times=2.0, is_relative=True, remedy="Look for a few titles that carry the effect.",
    ),
    Rule(
        "random_common_cause", "credibility", "caveat",
        "A column of noise among the confounders must not move the estimate by more than its error; severe where it "
        "moves it from the middle of its interval to the end.",
        side="at_most", severe_at=2.0, remedy="Use fewer confounders, or a simpler learner.",
    ),
    Rule(
        "zero_confounder", "credibility", "caveat",
        "Made anew with other random numbers and a hidden cause of strength zero, the estimate must stay within one "
        "error; severe where chance in its making decides it.",
        side="at_most", severe_at=2.0,
        remedy="Set repeats = 5 or more under [estimation], so that no single draw of folds decides.",
    ),
    Rule(
        "specification_curve", "credibility", "caveat",
        "Half of the defensible analyses must answer alike and at most one in ten the opposite; else the choice of "
        "analysis gave the answer.",
        side="at_least", remedy="Say which analyses disagree and why before acting.",
    ),
    Rule(
        "multiplicity", "answer", "informs",
        "Intervals of the findings that answer are widened to keep the false coverage rate (Benjamini and Yekutieli "
        "2005); the answer is read from them, so a failure shows in the answer itself.",
    ),
)  # fmt: skip
NEEDS: tuple[Need, ...] = (
    Need(
        ("measurement",), "how exactly the component is measured",
        "A detector whose errors nobody knows shrinks effects by an unknown share.",
        "Label artworks by hand, so that the detector's errors are known and taken out.",
    ),
    Need(
        ("serving_policy",), "whether a winner is only its audience",
        "A recommender shows an artwork to those who like it; without audiences in the log nobody sees that.",
        "Add to the log to whom each artwork was shown (a column such as device), or the propensity of showing it.",
        applies_to="take_rates",
    ),
    Need(
        ("negative_control", "placebo_outcome"), "whether something that cannot work seems to",
        "Unseen confounding shows only where nothing may show: every other check is blind to it.",
        "Name a negative control or a placebo outcome under [checks]: what cannot work, or what artwork cannot change.",
    ),
    Need(
        ("leave_one_block_out", "unconfoundedness"), "how strong a confounder can be",
        "Without an observed confounder that differs between artworks of a title, unseen ones have no yardstick.",
        "Add what is known of single artworks to the confounders, such as their shape or who made them.",
    ),
)  # fmt: skip
RULE_OF = {rule.diagnostic: rule for rule in RULES}
UNKNOWN_CHECK = Rule("", "credibility", "caveat", "A check without a rule of its own.")


def rule_of(diagnostic: str) -> Rule:
    """The rule of a check by its name; one without a rule counts as a caveat."""
    return RULE_OF.get(diagnostic, UNKNOWN_CHECK)
