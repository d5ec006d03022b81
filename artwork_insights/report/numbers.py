"""Numbers as a reader sees them: one place decides signs, decimals, units and separators."""

from __future__ import annotations

import math
from dataclasses import dataclass

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.report.findings import OutcomeUnit

MINUS = "\N{MINUS SIGN}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
SPACE = "\N{NO-BREAK SPACE}"
UNKNOWN = "not known"
PER_THOUSAND = "takes per 1,000 impressions"
SMALLEST_P = 0.001
USUAL_LEVEL = 0.95
"""Level of intervals where a caller names none; a report always names its own."""


def plain(value: float | None, decimals: int = 2) -> str:
    """Format with thousands separators and a real minus sign; never shows a negative zero."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{abs(value):,.{decimals}f}"
    is_zero = not text.strip("0.,")
    return f"{MINUS}{text}" if value < 0 and not is_zero else text


def signed(value: float | None, decimals: int = 2) -> str:
    """Format with ``+`` or a real minus sign; zero carries no sign."""
    text = plain(value, decimals)
    return text if text == UNKNOWN or text[0] in MINUS or not text.strip("0.,") else f"+{text}"


def significant(value: float | None, digits: int = 3) -> str:
    """Format to a number of significant digits, for quantities whose unit is their own."""
    if value is None or not math.isfinite(value):
        return plain(value)
    if value == 0 or float(value).is_integer():
        return plain(value, 0)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = plain(value, min(decimals, 6))
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: float | None) -> str:
    """Format a count: ``1,234``."""
    return UNKNOWN if value is None else plain(value, 0)


def percent(share: float | None, decimals: int = 0) -> str:
    """Format a share in [0, 1] as per cent."""
    text = plain(None if share is None else 100 * share, decimals)
    return text if text == UNKNOWN else f"{text}{NARROW_SPACE}%"


def signed_percent(share: float | None, decimals: int = 0) -> str:
    """Format a relative change as per cent with its sign."""
    text = signed(None if share is None else 100 * share, decimals)
    return text if text == UNKNOWN else f"{text}{NARROW_SPACE}%"


def p_value(p: float | None) -> str:
    """Format a p-value with three decimals; small ones as ``< 0.001``."""
    if p is not None and p < SMALLEST_P:
        return f"<{NARROW_SPACE}0.001"
    return plain(p, 3)


def p_is(p: float | None) -> str:
    """Write ``p = 0.013`` or ``p < 0.001``."""
    text = p_value(p)
    sign = "" if text.startswith("<") else f"={SPACE}"
    return f"p{SPACE}{sign}{text}"


def from_to(low: str, high: str) -> str:
    """Join two formatted limits."""
    return f"from {low} to {high}"


def decimals_for(std_error: float, fewest: int = 0, most: int = 4) -> int:
    """Decimals that show a standard error to two significant digits."""
    if not math.isfinite(std_error) or std_error <= 0:
        return 2
    return max(fewest, min(most, 1 - math.floor(math.log10(std_error))))


def interval_name(level: float) -> str:
    """Name of an interval at this level: ``95 % interval``."""
    return f"{significant(100 * level)}{NARROW_SPACE}% interval"


@dataclass(frozen=True, slots=True)
class Scale:
    """How the effects of one finding are shown.

    Attributes
    ----------
    factor : float
        What a value is multiplied by: 1,000 for takes per impression, else 1.
    decimals : int
        Decimals of effects; the headline's standard error shows two significant digits.
    unit : str
        Of a shown effect, e.g. "takes per 1,000 impressions".
    per : str
        Ending for a slope, e.g. "per unit of face area share"; empty for a condition.
    interval_level : float
        Of every interval shown, in (0, 1).
    """

    factor: float
    decimals: int
    unit: str
    per: str = ""
    interval_level: float = USUAL_LEVEL

    @property
    def interval_name(self) -> str:
        """What its intervals are called: ``95 % interval``."""
        return interval_name(self.interval_level)

    @property
    def unit_with_per(self) -> str:
        """Unit of an effect in full."""
        return f"{self.unit} {self.per}".strip()

    def effect(self, value: float | None) -> str:
        """Signed effect without its unit."""
        return signed(None if value is None else value * self.factor, self.decimals)

    def size(self, value: float | None) -> str:
        """Unsigned effect or standard error without its unit."""
        return plain(None if value is None else value * self.factor, self.decimals)

    def level(self, value: float | None) -> str:
        """A mean or rate, such as the base rate, without its unit."""
        shown = math.nan if value is None else value * self.factor
        return plain(shown, 2 if abs(shown) < 10 else 1)

    def between(self, low: float, high: float) -> str:
        """``from ... to ...`` for two limits."""
        return from_to(self.effect(low), self.effect(high))

    def interval(self, estimate: EffectEstimate) -> str:
        """The interval of an estimate, at the level of this scale."""
        return self.between(*estimate.interval(self.interval_level))


def scale_of(unit: OutcomeUnit, std_error: float, per: str = "", level: float = USUAL_LEVEL) -> Scale:
    """Choose how to show effects whose headline has this standard error (in the outcome's unit)."""
    factor = 1000.0 if unit.is_rate else 1.0
    name = PER_THOUSAND if unit.is_rate else unit.name.replace("_", " ")
    return Scale(factor, decimals_for(std_error * factor), name, per, level)


def relative_effect(estimate: EffectEstimate, base: float, level: float) -> str | None:
    """Effect relative to a base rate with its interval, as ``+12 % (from +9 % to +15 %)``; None without a base."""
    if not math.isfinite(base) or base <= 0:
        return None
    decimals = 1 if estimate.std_error / base < 0.01 else 0
    low, high = (signed_percent(limit / base, decimals) for limit in estimate.interval(level))
    return f"{signed_percent(estimate.effect / base, decimals)} ({from_to(low, high)})"
