"""Where each column stands in the networks' form of a row."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.modalities.table.encoding import TableEncoding
from pipeline.modalities.table.level_code import LevelCode
from pipeline.modalities.table.number_code import NumberCode


@dataclass(frozen=True)
class Layout:
    """Positions in a row of the networks' form: scores, then the states of each block, one-hot.

    Attributes:
        encoding: Of the columns.
    """

    encoding: TableEncoding

    @cached_property
    def n_numbers(self) -> int:
        return len(self.encoding.numbers)

    @cached_property
    def sizes(self) -> np.ndarray:
        """States of each block, int64 [blocks], at least 2 each."""
        return np.array([code.n_states for code in self.encoding.blocks], np.int64)

    @property
    def n_states(self) -> int:
        return int(self.sizes.sum())

    @property
    def width(self) -> int:
        """Numbers that make up a row."""
        return self.n_numbers + self.n_states

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each block begins among the states, int64 [blocks]."""
        return np.asarray(np.cumsum(self.sizes) - self.sizes)

    @cached_property
    def padded(self) -> np.ndarray:
        """Positions among the states, int64 [blocks, most states]; −1 pads."""
        most = int(self.sizes.max(initial=1))
        within = np.arange(most)
        return np.where(within < self.sizes[:, None], self.starts[:, None] + within, -1)

    @cached_property
    def block_of_number(self) -> np.ndarray:
        """The block that holds a number's states, int64 [numbers]; −1 where it has none."""
        names = [code.name for code in self.encoding.blocks]
        return np.array(
            [names.index(n.name) if n.n_states > 1 else -1 for n in self.encoding.numbers], np.int64
        )

    @cached_property
    def state_rules(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rules of states as matrices: which states force one, float32 [states, rules]; which
        states it replaces, and by which one, [rules, states] each.
        """
        names = [code.name for code in self.encoding.blocks]
        ruled = [(k, code.rule) for k, code in enumerate(self.encoding.blocks) if code.rule]
        force = np.zeros((self.n_states, len(ruled)), np.float32)
        replaced, by = np.zeros((2, len(ruled), self.n_states), np.float32)
        for number, (block, rule) in enumerate(ruled):
            start = self.starts[names.index(rule.source)]
            force[start : start + len(rule.states), number] = rule.states
            replaced[number, self.starts[block] : self.starts[block] + self.sizes[block]] = 1
            by[number, self.starts[block] + rule.state] = 1
        return force, replaced, by

    @property
    def ruled(self) -> np.ndarray:
        """Which states another column tells, bool [states]."""
        return np.asarray(self.state_rules[2].any(axis=0))

    def with_rules(self, hot: np.ndarray) -> np.ndarray:
        """One-hot states [n, states] with those that rules tell."""
        force, replaced, by = self.state_rules
        forced = hot @ force
        return np.asarray(hot * (1 - forced @ replaced) + forced @ by)

    @cached_property
    def level_blocks(self) -> np.ndarray:
        """Blocks of columns that are levels alone, int64."""
        blocks = enumerate(self.encoding.blocks)
        return np.array([k for k, code in blocks if isinstance(code, LevelCode)], np.int64)

    @cached_property
    def gap_blocks(self) -> np.ndarray:
        """Blocks of numbers that have gaps, int64."""
        blocks = enumerate(self.encoding.blocks)
        return np.array(
            [k for k, code in blocks if isinstance(code, NumberCode) and code.has_missing], np.int64
        )
