"""What changed from one run of a study to the next, in words."""

from __future__ import annotations

from artwork_insights.report.findings import Finding, Question, StudyResult
from artwork_insights.report.numbers import count, interval_name
from artwork_insights.report.sentences import DESIGN_LABELS, VERDICT_LABELS, capitalised, in_words, subject
from artwork_insights.report.views import finding_scale

NOTHING = "Nothing changed that matters."


def changes_between(before: StudyResult, after: StudyResult) -> tuple[str, ...]:
    """Sentences on what changed: hypotheses, verdicts, effects by more than their standard error, counts.

    Returns
    -------
    tuple of str
        Most important first; `NOTHING` alone where nothing did.
    """
    found = (*_hypotheses(before, after), *_answers(before, after), *_counts(before, after))
    return found or (NOTHING,)


def _hypotheses(before: StudyResult, after: StudyResult) -> list[str]:
    estimated_before, estimated = _estimated(before), _estimated(after)
    refused_before, refused = _refused(before), _refused(after)
    reasons = {row.question.name: row.reason for row in after.refused}
    asked_before, asked = estimated_before | refused_before, estimated | refused
    found = [f"New question: {subject(q)}." for name, q in asked.items() if name not in asked_before]
    found += [f"No longer asked: {subject(q)}." for name, q in asked_before.items() if name not in asked]
    found += [
        f"{capitalised(subject(q))} can no longer be estimated: {reasons[name]}"
        for name, q in refused.items()
        if name in estimated_before
    ]
    found += [
        f"{capitalised(subject(q))} could be estimated for the first time."
        for name, q in estimated.items()
        if name in refused_before
    ]
    return found


def _estimated(result: StudyResult) -> dict[str, Question]:
    return {finding.question.name: finding.question for finding in result.findings}


def _refused(result: StudyResult) -> dict[str, Question]:
    return {refused.question.name: refused.question for refused in result.refused}


def _answers(before: StudyResult, after: StudyResult) -> list[str]:
    earlier = {finding.question.name: finding for finding in before.findings}
    found: list[str] = []
    for finding in after.findings:
        past = earlier.get(finding.question.name)
        if past is not None:
            found += _verdict_change(past, finding)
            found += _effect_change(past, finding, before, after)
    return found


def _verdict_change(past: Finding, now: Finding) -> list[str]:
    what = capitalised(subject(now.question))
    found = []
    if past.question.treatment != now.question.treatment:
        found.append(f"{what}: the treatment was {past.question.treatment} and is now {now.question.treatment}.")
    if past.verdict.word != now.verdict.word:
        old, new = VERDICT_LABELS[past.verdict.word], VERDICT_LABELS[now.verdict.word]
        found.append(f"{what}: the verdict was “{old}” and is now “{new}”.")
    elif past.verdict.answer != now.verdict.answer:
        old_answer, new_answer = in_words(past.verdict.answer), in_words(now.verdict.answer)
        found.append(f"{what}: the answer was “{old_answer}” and is now “{new_answer}”.")
    if past.estimate.design != now.estimate.design:
        designs = DESIGN_LABELS[past.estimate.design], DESIGN_LABELS[now.estimate.design]
        found.append(f"{what}: compared {designs[1]}, before that {designs[0]}.")
    return found


def _effect_change(past: Finding, now: Finding, before: StudyResult, after: StudyResult) -> list[str]:
    if before.unit != after.unit:
        return []
    moved = now.estimate.effect - past.estimate.effect
    if not abs(moved) > now.estimate.std_error:
        return []
    scale = finding_scale(now, after)
    return [
        f"{capitalised(subject(now.question))}: the effect {'rose' if moved > 0 else 'fell'} from "
        f"{scale.effect(past.estimate.effect)} to {scale.effect(now.estimate.effect)} {scale.unit_with_per}, "
        f"by more than its standard error ({scale.size(now.estimate.std_error)})."
    ]


def _counts(before: StudyResult, after: StudyResult) -> list[str]:
    rows = (
        ("artworks", before.n_assets, after.n_assets),
        ("titles", before.n_titles, after.n_titles),
        ("impressions", before.n_impressions, after.n_impressions),
    )
    found = [
        f"{count(abs(new - old))} {'more' if new > old else 'fewer'} {name}: {count(old)} before, {count(new)} now."
        for name, old, new in rows
        if old is not None and new is not None and old != new
    ]
    if before.level != after.level:
        found.append(f"The {interval_name(before.level)} has become the {interval_name(after.level)}.")
    if before.version != after.version:
        found.append(f"The package was version {before.version} and is now {after.version}.")
    return found
