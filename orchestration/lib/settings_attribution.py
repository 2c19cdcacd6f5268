"""Which touches earn credit, and by which models it is shared (``attribution:`` of ``triloop.yml``)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from orchestration.lib.errors import nearest
from orchestration.lib.settings_types import Group, Share
from orchestration.lib.yaml_source import FieldError

LookbackDays = Annotated[int, Field(strict=True, ge=1, le=3650)]
HalfLife = Annotated[int, Field(strict=True, ge=1, le=3650)]
#: the models that are built in, in the order they are told; see ``macros/attribution/rule_models.sql``
MODELS = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
    "u_shaped",
    "w_shaped",
    "full_path",
    "shapley",
    "markov",
    "staged",
    "staged_information",
)
Milestone = Literal["first", "lead", "qualification", "opportunity", "quote", "order", "others"]
Stage = Literal["lead", "qualification", "opportunity", "quote", "order"]
_FIFTH = Decimal("0.2")


def _nine_decimals(weights: dict[str, Decimal] | tuple[Decimal, ...], fix: str) -> None:
    shares = tuple(weights.values()) if isinstance(weights, dict) else weights
    if sum(shares) != 1:
        raise FieldError(f"the weights sum to {sum(shares)}, not to 1", fix)
    if any(int(share.as_tuple().exponent) < -9 for share in shares):
        raise FieldError("a weight has more than 9 decimal places", "round the weights to 9 places")


class CustomModel(Group):
    """A company's own model: shares by milestone, or a half-life."""

    shares: dict[Milestone, Share] | None = None
    half_life_days: HalfLife | None = None

    @field_validator("shares")
    @classmethod
    def _sum_to_one(cls, value: dict[str, Decimal] | None) -> dict[str, Decimal] | None:
        if value is not None:
            _nine_decimals(value, "write shares such as {first: 0.5, lead: 0.3, others: 0.2}")
        return value

    @model_validator(mode="after")
    def _is_one_of_both(self) -> CustomModel:
        if (self.shares is None) == (self.half_life_days is None):
            raise FieldError("a model has either shares or half_life_days", "write one of the two")
        return self

    def entry(self) -> dict[str, Any]:
        """As the registry of models has it."""
        if self.shares is not None:
            return {"family": "milestone", "shares": {name: str(share) for name, share in self.shares.items()}}
        return {"family": "summed", "half_life_days": self.half_life_days}


class AttributionSettings(Group):
    """Which touches earn credit, and how it is shared."""

    lookback_days: LookbackDays = 365
    lookback_days_by_channel_group: dict[str, LookbackDays] = Field(default_factory=lambda: {"trade_show": 540})
    reset_at_order: Annotated[bool, Field(strict=True)] = True
    # before models, which may name them
    custom_models: dict[str, CustomModel] = Field(default_factory=dict)
    models: Annotated[tuple[str, ...], Field(min_length=1)] = MODELS
    # checked against the models even when only those are set
    default_model: str = Field(default="position_based", validate_default=True)
    position_weights: tuple[Share, Share, Share] = (Decimal("0.4"), Decimal("0.2"), Decimal("0.4"))
    half_life_days: HalfLife = 30
    stage_pools: dict[Stage, Share] = Field(default_factory=lambda: dict.fromkeys(get_args(Stage), _FIFTH))
    stage_inner: Literal["linear", "first", "last", "time_decay"] = "linear"
    # the data-driven models
    markov_order: Annotated[int, Field(strict=True, ge=1, le=3)] = 1
    collapse_repeats: Annotated[bool, Field(strict=True)] = False
    least_conversions: Annotated[int, Field(strict=True, ge=1)] = 100
    bootstrap_draws: Annotated[int, Field(strict=True, ge=100, le=100_000)] = 1_000

    @field_validator("lookback_days_by_channel_group")
    @classmethod
    def _groups_exist(cls, value: dict[str, int]) -> dict[str, int]:
        from orchestration.lib.contract import load_contract  # reads 35 files

        known = load_contract().entity("channel").column("channel_group").allowed
        for group in value:
            if group not in known:
                raise FieldError(f"'{group}' is not a channel group", nearest(group, known), path=(group,))
        return value

    @field_validator("custom_models")
    @classmethod
    def _are_new_names(cls, value: dict[str, CustomModel]) -> dict[str, CustomModel]:
        for name in value:
            if name in MODELS:
                raise FieldError(f"the model '{name}' is built in", "give yours another name", path=(name,))
            if not (name.isascii() and name.isidentifier() and name == name.lower()):
                raise FieldError(
                    f"'{name}' cannot name a model", "use small letters, digits and _, a letter first", path=(name,)
                )
        return value

    @field_validator("models")
    @classmethod
    def _exist_once(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = [*MODELS, *info.data.get("custom_models", {})]
        for number, name in enumerate(value):
            if name not in known:
                raise FieldError(f"'{name}' is not one of the allowed values", nearest(name, known), path=(number,))
        if len(set(value)) != len(value):
            raise FieldError("a model is named twice", "name each model once")
        return value

    @field_validator("default_model")
    @classmethod
    def _is_computed(cls, value: str, info: ValidationInfo) -> str:
        computed = info.data.get("models")
        if computed is not None and value not in computed:
            raise FieldError(
                f"the default model '{value}' is not among the models to compute", f"add {value} to attribution.models"
            )
        return value

    @field_validator("position_weights")
    @classmethod
    def _sum_to_one(cls, value: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
        _nine_decimals(value, "write three shares such as [0.4, 0.2, 0.4]")
        return value

    @field_validator("stage_pools")
    @classmethod
    def _are_all_there(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        stages = get_args(Stage)
        for stage in stages:
            if not value.get(stage):
                raise FieldError(
                    f"the stage '{stage}' has no share", f"give each of {', '.join(stages)} one above 0", path=(stage,)
                )
        _nine_decimals(value, "write five shares, such as 0.2 each")
        return {stage: value[stage] for stage in stages}

    def dbt_vars(self) -> dict[str, Any]:
        """What the models need, decimals as text so that they stay exact."""
        return {
            "lookback_days": self.lookback_days,
            "lookback_days_by_channel_group": dict(self.lookback_days_by_channel_group),
            "reset_at_order": self.reset_at_order,
            "attribution_models": list(self.models),
            "default_attribution_model": self.default_model,
            "position_weights": [str(weight) for weight in self.position_weights],
            "half_life_days": self.half_life_days,
            "stage_pools": {stage: str(share) for stage, share in self.stage_pools.items()},
            "stage_inner": self.stage_inner,
            "markov_order": self.markov_order,
            "custom_attribution_models": {name: model.entry() for name, model in self.custom_models.items()},
        }
