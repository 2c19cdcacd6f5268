"""Anomaly monitoring (异常波动): the latest closed month of each metric and source against its own history."""

from orchestration.lib.anomalies.build import AnomalyResult, build_anomalies

__all__ = ["AnomalyResult", "build_anomalies"]
