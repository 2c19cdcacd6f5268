"""Which of the things that happen to deals go together with winning, all weighed against each other (成交因素模型)."""

from orchestration.lib.win_model.build import WinModelResult, build_win_model

__all__ = ["WinModelResult", "build_win_model"]
