"""Every published mart is compared with the demo's raw files, each by one test."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from orchestration.lib.publish.table import Origin
from orchestration.lib.publish.tables import TABLES
from tests.integration import test_demo_marts_attribution as attribution
from tests.integration import test_demo_marts_customers as customers
from tests.integration import test_demo_marts_factory as factory
from tests.integration import test_demo_marts_finance as finance
from tests.integration import test_demo_marts_funnel as funnel
from tests.integration import test_demo_marts_market as market
from tests.integration import test_demo_marts_quality as quality

AREAS = (market, funnel, factory, quality, finance, attribution, customers)
ELSEWHERE = {
    "metric_value": "metric by metric in test_demo_metrics.py",
    "metric_anomaly": "judged against plain Python in test_anomalies.py",
    "anomaly_mover": "planted and worked out by hand in test_anomalies.py",
    "party_match": "judged against the truth, which no raw row tells, in test_identity_truth.py",
    "attribution_restatement": "empty until a month is closed; worked out by hand in test_closing.py",
    "attribution_model": "says the settings, which no raw row tells",
    "metric_availability": "says what the registry says of the entities that came, which no raw row tells",
}


def test_every_published_mart_has_one_oracle() -> None:
    covered = Counter(mart for area in AREAS for mart in area.MARTS)
    assert [mart for mart, times in covered.items() if times > 1] == []
    marts = {table.name for table in TABLES if table.origin is Origin.TABLE} - ELSEWHERE.keys()
    assert set(covered) == marts


def test_no_file_of_the_comparison_is_forgotten() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("test_demo_marts_*.py")} - {Path(__file__).stem}
    assert files == {area.__name__.rsplit(".", 1)[-1] for area in AREAS}
