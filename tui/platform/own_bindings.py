"""The bindings of a screen with the user's own keys in the place of the default ones.

Textual's own keymap can't be used: it gives a letter to an action even while a text field takes that letter for itself,
and it drops other bindings of a key that is given away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.widget import Widget

from tui.key_definition import Key
from tui.key_names import typed_character

BindingChain = list[tuple[DOMNode, BindingsMap]]


def with_own_keys(chain: BindingChain, own: Mapping[str, Key]) -> BindingChain:
    """Return the bindings of a chain of nodes, from the one in focus up to the application, with the user's keys.

    Args:
        chain: The nodes with their bindings.
        own: The keys that have other names than the table gives them, by their ids.
    """
    changed: BindingChain = []
    for node, bindings in chain:
        changed.append((node, _with_own_keys(node, bindings, own, [before for before, _ in changed])))
    return changed


def _with_own_keys(
    node: DOMNode, current: BindingsMap, own: Mapping[str, Key], before: Sequence[DOMNode]
) -> BindingsMap:
    result = BindingsMap()
    for name, bindings in current.key_to_bindings.items():
        kept = [each for each in bindings if each.id not in own]
        if kept:
            result.key_to_bindings[name] = kept
    for id_, binding in _by_id(node).items():
        for name in own[id_].keys.split(",") if id_ in own else ():
            if not _is_consumed(name, before):
                result.key_to_bindings.setdefault(name, []).append(binding.with_key(key=name))
    return result


def _by_id(node: DOMNode) -> dict[str, Binding]:
    """Return the bindings of a node that have an id, each once."""
    return {each.id: each for bindings in node._bindings.key_to_bindings.values() for each in bindings if each.id}


def _is_consumed(name: str, nodes: Sequence[DOMNode]) -> bool:
    """Return True if one of the nodes, such as a text field, takes the key as a character."""
    character = typed_character(name)
    return any(isinstance(node, Widget) and node.check_consume_key(name, character) for node in nodes)
