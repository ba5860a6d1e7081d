"""Linear probes of the encoder's features (Alain and Bengio 2016, arXiv 1610.01644): calibrated multinomial logistic regressions.

The L2 penalty and the temperature are chosen by cross-validation; copies of one picture share a fold.
"""
import numpy as np

from model.frames import COARSE_FRAME
from model.kind import softmax
from model.localise import Network, Prediction, localise_upright, predict

FOLDS = 5
PENALTIES = (1e-2, 3e-2)  # L2 penalty for each picture: 1 / (C n) in scikit-learn's terms
COMPONENTS = 300  # of the features (principal component analysis)
TEMPERATURES = np.geomspace(0.4, 2.5, 41)


def coarse_prediction(rgb: np.ndarray, network: Network) -> Prediction:
    """That of the coarse pass alone, of a uint8 photo (height, width, 3)."""
    coarse = predict(COARSE_FRAME, rgb, network)
    size = rgb.shape[0], rgb.shape[1]
    return Prediction(size, coarse.matte, (slice(0, size[0]), slice(0, size[1])), coarse.rgb, coarse.matte, coarse.glass, coarse.features, coarse.features)


def upright_prediction(rgb: np.ndarray, network: Network) -> Prediction:
    """That of both passes, of a uint8 photo (height, width, 3) as it stands."""
    return localise_upright(rgb, predict(COARSE_FRAME, rgb, network), network)


def fit(features: np.ndarray, labels: np.ndarray, shares: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (features, classes) for features (n, features) whose last is 1, calibrated, and the probabilities (n, classes) over folds.

    shares: of the classes, to weigh them by. sources (n,): names that share a fold.
    """
    from sklearn.model_selection import GroupKFold

    weight = (shares / np.bincount(labels, minlength=len(shares)))[labels]
    directions, constants = principal(features)
    features = features[:, :-1] @ directions + constants
    folds = list(GroupKFold(FOLDS).split(features, groups=sources))
    best: tuple[float, float, np.ndarray, float] | None = None
    for penalty in PENALTIES:
        scores = np.empty((len(labels), len(shares)))
        for learnt, held in folds:
            scores[held] = scored(features[held], regression(features[learnt], labels[learnt], weight[learnt], penalty))
        losses = [log_loss(scores / temperature, labels, weight) for temperature in TEMPERATURES]
        temperature = float(TEMPERATURES[int(np.argmin(losses))])
        print(f"  penalty {penalty}: log loss {min(losses):.4f} at temperature {temperature:.2f}")
        if best is None or min(losses) < best[0]:
            best = min(losses), penalty, scores / temperature, temperature
    assert best
    weights = regression(features, labels, weight, best[1]) / best[3]
    return np.vstack([directions @ weights[:-1], weights[-1] + constants @ weights[:-1]]).astype(np.float32), softmax(best[2])


def principal(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (features, components) and the constants of the standardised features' principal components; the last feature, 1, is left out."""
    from sklearn.utils.extmath import randomized_svd

    mean, spread = features[:, :-1].mean(0), features[:, :-1].std(0)
    spread += 0.01 * features[:, :-1].std()
    components = min(COMPONENTS, *np.subtract(features.shape, 1))
    directions = randomized_svd((features[:, :-1] - mean) / spread, components, n_iter=2, random_state=0)[2].T / spread[:, None]
    return directions, -mean @ directions


def regression(features: np.ndarray, labels: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
    """Multinomial logistic regression: weights (features + 1, classes), the constant last."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty / len(labels), max_iter=1000, tol=1e-3)
    model.fit(features, labels, weight / weight.mean())
    weights = np.vstack([model.coef_.T, model.intercept_])
    return weights if len(model.classes_) > 2 else np.hstack([-weights, weights]) / 2  # of two classes, it gives the second one's logit


def scored(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return features @ weights[:-1] + weights[-1]


def log_loss(scores: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float:
    return float(-(np.log(softmax(scores)[np.arange(len(labels)), labels] + 1e-12) * weight).sum() / weight.sum())
