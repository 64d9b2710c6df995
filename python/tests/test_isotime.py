import datetime
import unittest

from st2common.util import isotime


class IsoTime(unittest.TestCase):
    moment = datetime.datetime(2015, 1, 2, 3, 4, 5, 60, datetime.timezone.utc)

    def test_format(self):
        self.assertEqual(isotime.format(self.moment), "2015-01-02T03:04:05.000060+00:00")
        self.assertEqual(isotime.format(self.moment, usec=False, offset=False), "2015-01-02T03:04:05Z")
        self.assertEqual(isotime.format(self.moment.replace(tzinfo=None)), "2015-01-02T03:04:05.000060+00:00")
        self.assertEqual(isotime.format(0), "1970-01-01T00:00:00.000000+00:00")

    def test_parse_reads_what_format_writes(self):
        for usec in (True, False):
            for offset in (True, False):
                text = isotime.format(self.moment, usec, offset)
                self.assertEqual(isotime.parse(text), self.moment if usec else self.moment.replace(microsecond=0))
        self.assertEqual(isotime.parse("2015-01-02 03:04:05.1230+00").microsecond, 123000)

    def test_other_text_is_refused(self):
        for text in ("2015-01-02", "2015-01-02T03:04:05", "2015-01-02T03:04:05+02:00", "x"):
            self.assertIs(isotime.validate(text, raise_exception=False), False)
            with self.assertRaises(ValueError):
                isotime.parse(text)


if __name__ == "__main__":
    unittest.main()
