"""The matcher itself: what it lets pass and what it does not."""

import unittest

from matching import Mismatch, filled, match
from transcripts import take


class Matching(unittest.TestCase):
    def passes(self, expected, found, kept=None):
        match(expected, found, {} if kept is None else kept)

    def fails(self, expected, found, kept=None):
        with self.assertRaises(Mismatch):
            match(expected, found, {} if kept is None else kept)

    def test_plain_values_stand_for_themselves(self):
        self.passes({"a": [1, "x", None]}, {"a": [1, "x", None]})
        self.fails({"a": 1}, {"a": 2})
        self.fails([1], [1, 2])

    def test_true_is_not_one(self):
        self.fails(1, True)
        self.fails({"$any": "integer"}, True)

    def test_objects_are_exact_unless_they_are_said_to_include(self):
        self.fails({"a": 1}, {"a": 1, "b": 2})
        self.fails({"a": 1, "b": 2}, {"a": 1})
        self.passes({"$includes": {"a": 1}}, {"a": 1, "b": 2})
        self.fails({"$includes": {"c": 1}}, {"a": 1})
        self.passes({"$includes": [2]}, [1, 2])
        self.fails({"$includes": [3]}, [1, 2])

    def test_types(self):
        self.passes({"$any": "number"}, 1.5)
        self.fails({"$any": "integer"}, 1.5)
        self.fails({"$any": "string"}, None)

    def test_near(self):
        self.passes({"$near": 1, "within": 0.1}, 1.05)
        self.fails({"$near": 1, "within": 0.1}, 1.2)
        self.fails({"$near": 1, "within": 0.1}, "1")

    def test_text(self):
        self.passes({"$matches": "no file"}, "there is no file")
        self.fails({"$matches": "^no file"}, "there is no file")

    def test_each(self):
        self.passes({"$each": {"$any": "number"}, "length": 2}, [1, 2])
        self.fails({"$each": {"$any": "number"}, "length": 2}, [1])
        self.fails({"$each": {"$any": "number"}}, [1, "2"])

    def test_unordered(self):
        self.passes({"$unordered": [1, {"$any": "string"}]}, ["a", 1])
        self.fails({"$unordered": [1, 1]}, [1, 2])
        self.fails({"$unordered": [1]}, [1, 1])

    def test_what_is_kept_is_used(self):
        kept = {}
        self.passes({"id": {"$any": "string", "as": "id"}}, {"id": "x1"}, kept)
        self.assertEqual(filled({"a": {"$use": "id"}}, kept), {"a": "x1"})
        self.passes({"$use": "id"}, "x1", kept)
        self.fails({"$use": "id"}, "x2", kept)

    def test_long_texts(self):
        self.assertEqual(filled(["a", {"$repeat": "bc", "times": 3}], {}), ["a", "bcbcbc"])
        self.passes({"$repeat": "bc", "times": 2}, "bcbc")
        self.fails({"$repeat": "bc", "times": 2}, "bc")


class Order(unittest.TestCase):
    def take(self, messages, lines):
        waiting = [dict(line) for line in lines]
        for message in messages:
            take(message, waiting, {})
        return [line["message"] for line in waiting]

    def test_lines_come_in_order(self):
        self.assertEqual(self.take([1, 2], [{"message": 1}, {"message": 2}]), [])
        with self.assertRaises(Mismatch):
            self.take([2], [{"message": 1}, {"message": 2}])

    def test_any_order(self):
        lines = [{"message": 1, "anyOrder": True}, {"message": 2, "anyOrder": True}, {"message": 3}]
        self.assertEqual(self.take([2, 1, 3], lines), [])
        with self.assertRaises(Mismatch):
            self.take([3], lines)

    def test_repeated_lines_come_any_number_of_times_until_the_next(self):
        lines = [{"message": 1, "repeat": True}, {"message": 2}]
        self.assertEqual(self.take([2], lines), [])
        self.assertEqual(self.take([1, 1, 2], lines), [])
        with self.assertRaises(Mismatch):
            self.take([1, 3], lines)

    def test_a_line_counts_once(self):
        with self.assertRaises(Mismatch):
            self.take([1, 1], [{"message": 1}, {"message": 2}])
