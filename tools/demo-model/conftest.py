import pytest
from captions import caption
from names import read_names
from scenes import SceneMaker
from sprites import load_sprites

SOME = (
    "dog",
    "cat",
    "wolf",
    "mouse",
    "sheep",
    "apple",
    "grapes",
    "hot dog",
    "scissors",
    "hourglass",
    "wine glass",
    "glasses",
    "bow and arrow",
)


@pytest.fixture(scope="session")
def nouns():
    return [noun for noun in read_names() if noun.singular in SOME]


@pytest.fixture(scope="session")
def sprites(nouns):
    return load_sprites(nouns)


@pytest.fixture
def maker(sprites):
    return SceneMaker(sprites, seed=5, backgrounds=8)


@pytest.fixture(scope="session")
def captioned(nouns, sprites):
    """Many scenes with their captions and mentions."""
    maker = SceneMaker(sprites, seed=6, backgrounds=24)
    scenes = (maker.scene()[0] for _ in range(1500))
    return [(scene, *caption(scene, nouns, maker.random)) for scene in scenes]
