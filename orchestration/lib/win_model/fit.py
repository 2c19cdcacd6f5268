"""A logistic regression with a ridge penalty (scikit-learn), its intervals, and how well it tells deals apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.lib.win_model.features import PER_UNIT, Feature

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INVERSE_PENALTY = 1.0
"""scikit-learn's C, on columns of mean 0 and deviation 1: the penalty is half the sum of their squared effects."""

FOLDS = 5
_Z = 1.959963984540054


@dataclass(frozen=True)
class Effect:
    """What one unit more of a driver goes with: change of the log odds of winning, odds ratio with 95 % interval."""

    feature: Feature
    coefficient: float
    odds_ratio: float
    odds_low: float
    odds_high: float


@dataclass(frozen=True)
class Fitted:
    """The effects, and the share of pairs of a won and a lost deal that deals left out of the fit are told apart by
    (area under the curve: 0.5 is a coin, 1 is perfect)."""

    effects: tuple[Effect, ...]
    auc: float


def fit(features: Sequence[Feature], matrix: NDArray[np.float64], won: NDArray[np.bool_]) -> Fitted:
    """Fit all columns at once.

    The interval is that of the normal approximation at the maximum (the penalty read as a normal prior, so the inverse
    of the penalised information is the covariance): as shrunk towards no effect as the estimate is. The same rows give
    the same numbers: folds are drawn with a fixed seed, and the solver has no chance in it.
    """
    import numpy as np
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(matrix)
    scaled = scaler.transform(matrix)
    # Newton's own steps: exact to the last digits that are told, where a gradient's are not
    ridge = LogisticRegression(C=INVERSE_PENALTY, solver="newton-cholesky", tol=1e-10, max_iter=1_000)
    model = clone(ridge).fit(scaled, won)
    chance = model.predict_proba(scaled)[:, 1]
    with_ones = np.column_stack([np.ones(len(won)), scaled])
    information = (with_ones * (chance * (1 - chance))[:, None]).T @ with_ones
    information[1:, 1:] += np.eye(matrix.shape[1]) / INVERSE_PENALTY
    errors = np.sqrt(np.diag(np.linalg.inv(information)))[1:]
    effects = []
    for place, feature in enumerate(features):
        per_unit = PER_UNIT[feature.unit] / scaler.scale_[place]
        middle = float(model.coef_[0][place] * per_unit)
        reach = float(_Z * errors[place] * per_unit)
        low, odds, high = (float(np.exp(end)) for end in (middle - reach, middle, middle + reach))
        effects.append(Effect(feature, middle, odds, low, high))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    whole = make_pipeline(StandardScaler(), ridge)
    unseen = cross_val_predict(whole, matrix, won, cv=folds, method="predict_proba")[:, 1]
    return Fitted(tuple(effects), float(roc_auc_score(won, unseen)))
