"""Client of fixlipd, the daemon that keeps CLIP and SigLIP models warm.

    import fixlipd

    with fixlipd.Client() as client:
        client.similarity(["scene.png"], ["a dog", "a cat"]).probabilities
        client.explain("scene.png", "a dog next to a cat", image_masks=512)

The package needs nothing but the standard library. Arrays are NumPy's where it is installed, else lists.
"""

from .aio import AsyncClient
from .aio_explanation import AsyncExplanation
from .choices import Until
from .client import Client
from .comparison import AsyncComparison, Comparison
from .contract import AvailableModel, Curves, Faithfulness, LoadedModel, Subset, TextPlayer, TokenPlayer
from .errors import (
    BudgetInvalid,
    DaemonGone,
    DaemonUnavailable,
    ExplanationNotFound,
    FixlipdError,
    ImageTooLarge,
    ImageUnreadable,
    InternalError,
    InvalidParameter,
    InvalidRequest,
    MemoryLimit,
    MethodNotFound,
    ModelCorrupt,
    ModelInUse,
    ModelNotFound,
    ModelUnsupported,
    OtherRelease,
    Overloaded,
    PathNotAllowed,
    ProtocolMismatch,
    RequestCancelled,
    ShuttingDown,
    TextInvalid,
)
from .estimate import Pair, SavedExplanation, load
from .evaluation import Coalitions, Evaluation
from .explainer import Explainer
from .explanation import Explanation
from .link import CLIENT_VERSION as __version__
from .plots import Plot, beeswarm
from .results import Model, Models, Ranked, Similarity, Tokens
from .values import Condition, ImagePlayers, Players, Progress, StandardErrors, Subsets, Values

__all__ = [
    "AsyncClient",
    "AsyncComparison",
    "AsyncExplanation",
    "AvailableModel",
    "BudgetInvalid",
    "Client",
    "Coalitions",
    "Comparison",
    "Condition",
    "Curves",
    "DaemonGone",
    "DaemonUnavailable",
    "Evaluation",
    "Explainer",
    "Explanation",
    "ExplanationNotFound",
    "Faithfulness",
    "FixlipdError",
    "ImagePlayers",
    "ImageTooLarge",
    "ImageUnreadable",
    "InternalError",
    "InvalidParameter",
    "InvalidRequest",
    "LoadedModel",
    "MemoryLimit",
    "MethodNotFound",
    "Model",
    "ModelCorrupt",
    "ModelInUse",
    "ModelNotFound",
    "ModelUnsupported",
    "Models",
    "OtherRelease",
    "Overloaded",
    "Pair",
    "PathNotAllowed",
    "Players",
    "Plot",
    "Progress",
    "ProtocolMismatch",
    "Ranked",
    "RequestCancelled",
    "SavedExplanation",
    "ShuttingDown",
    "Similarity",
    "StandardErrors",
    "Subset",
    "Subsets",
    "TextInvalid",
    "TextPlayer",
    "TokenPlayer",
    "Tokens",
    "Until",
    "Values",
    "__version__",
    "beeswarm",
    "load",
]
