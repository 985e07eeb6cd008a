"""Styles that programs of one test process share: what a stylesheet says is worked out once, not at each start.

A third of the processor time of a program on an emulated terminal is Textual's search for the rules that apply to each
widget. All programs have the same stylesheets and widgets, so nearly all searches have the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

import pytest
from textual.css.model import RuleSet
from textual.css.parse import parse
from textual.css.styles import RenderStyles
from textual.css.stylesheet import Stylesheet
from textual.css.tokenizer import Token
from textual.css.types import CSSLocation
from textual.dom import DOMNode

_Rules = dict[str, Any]
_apply = Stylesheet.apply
_WITH_EFFECTS = {"display", "layout", "overflow_x", "overflow_y", "pointer", "visibility"}
"""Rules that change more of a widget than the rules themselves."""


@contextmanager
def shared_styles() -> Iterator[None]:
    """Parse each stylesheet once, and search once for the rules of widgets that no selector can tell apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.css.stylesheet.parse", _parser())
        patch.setattr(Stylesheet, "apply", _Searches().apply)
        yield


def _parser() -> object:
    """Return Textual's parser with a memory; its own lasts for one application."""
    parsed: dict[tuple[object, ...], list[RuleSet]] = {}

    def parse_once(
        scope: str,
        css: str,
        read_from: CSSLocation,
        variables: dict[str, str] | None = None,
        variable_tokens: dict[str, list[Token]] | None = None,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
    ) -> list[RuleSet]:
        theme = (variable_tokens or {}).get("row-background", ()), (variable_tokens or {}).get("background", ())
        colors = tuple(token.value for tokens in theme for token in tokens)
        values = tuple(sorted((variables or {}).items()))
        key = scope, css, read_from, values, colors, is_default_rules, tie_breaker
        if key not in parsed:
            rules = parse(scope, css, read_from, variables, variable_tokens, is_default_rules, tie_breaker)
            parsed[key] = list(rules)
        return parsed[key]

    return parse_once


@dataclass(eq=False)
class _Found:
    """What a stylesheet says about a node: the values of its rules, and those of each of its component classes."""

    rules: _Rules
    components: dict[str, _Rules]


class _Applied(NamedTuple):
    """What was given to a node, and the state of its styles after that."""

    rules: _Rules
    components: dict[str, _Rules]
    updates: int


@dataclass(eq=False)
class _Kind:
    """Nodes of one class with the same id and classes, for which the same rules may apply.

    Args:
        pseudo_classes: All that are named in these rules.
        flags: What Textual notes at a node about the rules that may apply to it.
        found: What was found, by what selectors can see of a node and its ancestors.
    """

    pseudo_classes: tuple[str, ...]
    flags: dict[str, bool]
    found: dict[tuple[object, ...], _Found] = field(default_factory=dict)


_Kinds = dict[tuple[object, ...], _Kind]


class _Components(dict[str, RenderStyles]):
    """The styles of a node's component classes, of which each is made when it is asked for.

    Args:
        node: The node.
        rules: The values of the rules of each class.
    """

    def __init__(self, node: DOMNode, rules: dict[str, _Rules]) -> None:
        super().__init__()
        self._owner = node
        self._rules = rules
        self._nodes: list[DOMNode] = []
        """Kept, because styles refer to their node weakly."""

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def __missing__(self, name: str) -> RenderStyles:
        node = DOMNode(classes=name)
        node._attach(self._owner)
        _use(node, self._rules[name], animate=False)
        self[name] = node.styles
        self._nodes.append(node)
        return node.styles


class _Searches:
    """The results of searches in stylesheets, by the rules of the stylesheet."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[int, ...], _Kinds] = {}
        self._of: WeakKeyDictionary[Stylesheet, tuple[list[RuleSet], _Kinds]] = WeakKeyDictionary()
        self._applied: WeakKeyDictionary[DOMNode, _Applied] = WeakKeyDictionary()

    @property
    def apply(self) -> object:
        """What takes the place of `Stylesheet.apply`."""

        def apply(stylesheet: Stylesheet, node: DOMNode, *, animate: bool = False, cache: object = None) -> None:
            self._apply(stylesheet, node, animate)

        return apply

    def _apply(self, stylesheet: Stylesheet, node: DOMNode, animate: bool) -> None:
        kind = self._kind(stylesheet, node)
        seen = _seen(node, kind.pseudo_classes)
        found = kind.found.get(seen)
        if found is None:
            found = kind.found[seen] = _search(stylesheet, node, list(kind.found.values()))
        node.__dict__.update(kind.flags)
        before = self._applied.get(node)
        if before is None or before.rules is not found.rules or before.updates != node.styles.base._updates:
            _use(node, found.rules, animate)
        elif not animate:
            node.notify_style_update()
        self._applied[node] = _Applied(found.rules, found.components, node.styles.base._updates)
        if found.components and (before is None or before.components is not found.components):
            node._component_styles = _Components(node, found.components)
            node.refresh()

    def _kind(self, stylesheet: Stylesheet, node: DOMNode) -> _Kind:
        kinds = self._kinds_of(stylesheet)
        key = type(node), node._id, node.classes
        if key not in kinds:
            kinds[key] = _new_kind(stylesheet, node)
        return kinds[key]

    def _kinds_of(self, stylesheet: Stylesheet) -> _Kinds:
        rules = stylesheet.rules
        last, kinds = self._of.get(stylesheet, (None, {}))
        if last is not rules:
            # The parser keeps the rule sets, so no other one gets the identity of one of them.
            kinds = self._kinds.setdefault(tuple(map(id, rules)), {})
            self._of[stylesheet] = rules, kinds
        return kinds


def _new_kind(stylesheet: Stylesheet, node: DOMNode) -> _Kind:
    own = _pseudo_classes(stylesheet, node._selector_names)
    components = {f".{name}" for name in node._get_component_classes()} | {"*", *DOMNode()._css_types}
    flags = {
        "_has_hover_style": "hover" in own,
        "_has_focus_within": "focus-within" in own,
        "_has_order_style": not own.isdisjoint({"first-of-type", "last-of-type", "first-child", "last-child", "empty"}),
        "_has_odd_or_even": not own.isdisjoint({"odd", "even"}),
    }
    return _Kind(tuple(sorted(own | _pseudo_classes(stylesheet, components))), flags)


def _pseudo_classes(stylesheet: Stylesheet, names: set[str]) -> set[str]:
    """Return the pseudo-classes in all rules that end with one of these selectors."""
    rules = stylesheet.rules_map
    return {each for name in names for rule in rules.get(name, ()) for each in rule.pseudo_classes}


def _seen(node: DOMNode, pseudo_classes: tuple[str, ...]) -> tuple[object, ...]:
    """Return what selectors can see of a node and its ancestors."""
    seen: list[object] = []
    current: object = node
    while isinstance(current, DOMNode):
        checks = current._PSEUDO_CLASSES
        seen += type(current), current._id, current.classes
        seen += [checks[each](current) for each in pseudo_classes if each in checks]  # type: ignore[arg-type]
        current = current._parent
    return tuple(seen)


def _search(stylesheet: Stylesheet, node: DOMNode, earlier: list[_Found]) -> _Found:
    """Let Textual search for the rules of a node and of its component classes.

    Args:
        stylesheet: Where to search.
        node: The node, which gets the rules.
        earlier: What was found for other nodes of its kind. The same rules are the same object.
    """
    _apply(stylesheet, node)
    rules = _rules(node.styles)
    components = {name: _rules(styles) for name, styles in node._component_styles.items()}
    return _Found(
        next((each.rules for each in earlier if each.rules == rules), rules),
        next((each.components for each in earlier if each.components == components), components),
    )


def _rules(styles: RenderStyles) -> _Rules:
    rules = dict(cast(_Rules, styles.base._rules))
    if "layout" in rules:
        # Each widget has a layout of its own, which may keep what it has measured.
        rules["layout"] = rules["layout"].name
    return rules


def _use(node: DOMNode, rules: _Rules, animate: bool) -> None:
    """Give a node these rules, with the same effects as in Textual."""
    base = node.styles.base
    current = cast(_Rules, base._rules)
    if current or node._is_mounted:
        Stylesheet.replace_rules(node, cast(Any, rules), animate)
        return
    # No picture has this widget yet, so nothing is to be drawn again.
    current.update(rules)
    base._updates += 1
    for name in _WITH_EFFECTS.intersection(rules):
        del current[name]
        setattr(base, name, rules[name])
    node.notify_style_update()
