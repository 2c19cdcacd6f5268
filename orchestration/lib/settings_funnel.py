"""The stages of the funnel, in order, as the company calls them (``funnel:`` of ``triloop.yml``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.lib.yaml_source import FieldError

Subject = Literal["lead", "opportunity"]
Meaning = Literal["mql", "sql", "quote", "won", "lost"]
CLOSING = ("won", "lost")


class FunnelStage(BaseModel):
    """One stage: the code that mappings give it (capitals do not matter), its names, and what it means to metrics."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]
    zh: Annotated[str, Field(min_length=1)]
    means: Meaning | None = None


def _stage(stage: str, en: str, zh: str, means: Meaning | None = None) -> FunnelStage:
    return FunnelStage(stage=stage, en=en, zh=zh, means=means)


class FunnelSettings(BaseModel):
    """Stages by subject, first to last; what closes a subject stands last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lead: Annotated[tuple[FunnelStage, ...], Field(min_length=1)] = (
        _stage("new", "New", "新线索"),
        _stage("working", "Working", "跟进中"),
        _stage("mql", "Marketing qualified", "市场认可", "mql"),
        _stage("sql", "Sales qualified", "销售认可", "sql"),
    )
    opportunity: Annotated[tuple[FunnelStage, ...], Field(min_length=1)] = (
        _stage("requirement", "Requirement", "需求确认"),
        _stage("solution", "Solution", "方案演示"),
        _stage("quotation", "Quotation", "报价", "quote"),
        _stage("negotiation", "Negotiation", "谈判"),
        _stage("won", "Won", "赢单", "won"),
        _stage("lost", "Lost", "输单", "lost"),
    )

    @model_validator(mode="after")
    def _is_a_funnel(self) -> FunnelSettings:
        for subject, stages in (("lead", self.lead), ("opportunity", self.opportunity)):
            seen: set[str] = set()
            closing = False
            for number, stage in enumerate(stages):
                path = (subject, number)
                code = stage.stage.strip().lower()
                if code in seen:
                    raise FieldError(f"the stage '{stage.stage}' stands twice", "name each stage once", path=path)
                seen.add(code)
                if stage.means in ("mql", "sql") and subject != "lead":
                    raise FieldError(f"only a lead can be {stage.means}", "leave out means, or move it", path=path)
                if stage.means == "quote" and subject != "opportunity":
                    raise FieldError("only an opportunity can be quoted", "leave out means, or move it", path=path)
                if closing and stage.means not in CLOSING:
                    raise FieldError(
                        f"the stage '{stage.stage}' stands after one that is won or lost",
                        "stages that close come last",
                        path=path,
                    )
                closing = closing or stage.means in CLOSING
        if not any(stage.means == "won" for stage in self.opportunity):
            raise FieldError(
                "no stage of an opportunity is won", "write means: won at the stage that is", path=("opportunity",)
            )
        return self

    def dbt_stages(self) -> list[dict[str, Any]]:
        """One entry per stage: subject, code in small letters, place from 1, names, meaning ('' for none)."""
        return [
            {
                "subject": subject,
                "stage": stage.stage.strip().lower(),
                "position": position,
                "en": stage.en,
                "zh": stage.zh,
                "means": stage.means or "",
            }
            for subject, stages in (("lead", self.lead), ("opportunity", self.opportunity))
            for position, stage in enumerate(stages, start=1)
        ]
