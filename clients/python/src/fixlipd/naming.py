"""Players by name."""

from __future__ import annotations

import re

from .values import Players


def player_name(player: int, caption: str, players: Players) -> str:
    """What a player is, in words."""
    place = player
    for image in (players.image, players.image2):
        if image is None:
            continue
        if place < image.count:
            if image.regions is not None:
                return f"region {place}"
            return f"row {place // image.columns + 1}, column {place % image.columns + 1}"
        place -= image.count
    if place < len(players.text):
        text = players.text[place]
        return caption[text.start : text.end]
    place -= len(players.text)
    others = [players.text2 or [], *(target.players for target in players.targets or ())]
    return [text.token for texts in others for text in texts][place]


def find_players(player: int | str, caption: str, players: Players) -> list[int]:
    """The numbers of the players that are meant; see :meth:`ExplanationBase.find_players`."""
    if not isinstance(player, str):
        number = int(player)
        if not 0 <= number < len(players):
            raise ValueError(
                f"there is no player {number}; they are numbered 0 to {len(players) - 1}, image players first"
            )
        return [number]
    word = player.strip()
    if not word:
        raise ValueError("the word is empty; give a word of the caption or a player's number")
    if not players.text:
        raise ValueError("there is no caption of which a word could be meant; give a player's number")
    first = players.image.count
    pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
    places = [found.span() for found in re.finditer(pattern, caption, re.IGNORECASE)]
    groups = [
        [first + index for index, text in enumerate(players.text) if text.start < end and start < text.end]
        for start, end in places
    ]
    if not places:
        groups = [[first + index] for index, text in enumerate(players.text) if text.token == word]
    distinct: list[list[int]] = []
    for group in groups:
        if group and group not in distinct:
            distinct.append(group)
    if not distinct:
        known = ", ".join(dict.fromkeys(repr(caption[text.start : text.end]) for text in players.text))
        raise ValueError(f"the caption has no word {word!r} that plays; its players are {known}")
    if len(distinct) > 1:
        numbers = " or ".join(" and ".join(map(str, group)) for group in distinct)
        raise ValueError(f"the word {word!r} occurs {len(distinct)} times; give the player's number: {numbers}")
    return distinct[0]
