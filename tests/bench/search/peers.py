#!/usr/bin/python3
"""Baselines of two full-text engines on the kept relevance questions.

    peers.py --corpus DIR --questions questions.json --out peers.json
             [--only fts5,xapian]

DIR is a directory of HTML pages: for questions.json, the pages of Debian's
package postgresql-doc-15 (/usr/share/doc/postgresql-doc-15/html).

Every engine gets the same text of the same pages, and is asked for its ten
best pages for each question, as the user typed it. A page counts as found at
the rank of the first of the question's answers. Reported, for the plain and
for the misspelt questions: MRR@10, the share answered at rank 1 (hit1) and
the share answered in the first ten (hit10); and the median time of a query,
over all questions (p50_ms).

Needs Debian's python3-xapian; everything else is in the standard library.
"""

import argparse
import html.parser
import json
import pathlib
import re
import sqlite3
import statistics
import sys
import tempfile
import time

TOP = 10
TITLE_WEIGHT = 10
LATENCY_ROUNDS = 5


# --- The corpus -------------------------------------------------------------

# Tags that do not end a word: "pg_<em>name</em>" is one word in the page.
INLINE_TAGS = frozenset(
    "a abbr acronym b big cite code del dfn em font i ins kbd mark q s samp "
    "small span strong sub sup tt u var wbr".split())
SKIPPED_TAGS = frozenset(("script", "style"))
# The table with the links to the previous and next page and the chapter's
# name. It repeats the titles of other pages, so no engine gets to see it.
SKIPPED_CLASSES = frozenset(("navheader", "navfooter"))


class PageParser(html.parser.HTMLParser):
    """Collects a page's <title> and the text of its body."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.title = []
        self.body = []
        self._in_title = False
        self._in_body = False
        self._skip_tag = None
        self._skip_depth = 0

    def handle_starttag(self, tag, attrs):
        if self._skip_tag:
            # Only elements of the same name are counted, which keeps tags
            # that need no end tag from unbalancing the count.
            if tag == self._skip_tag:
                self._skip_depth += 1
            return
        classes = (dict(attrs).get("class") or "").split()
        if tag in SKIPPED_TAGS or SKIPPED_CLASSES.intersection(classes):
            self._skip_tag = tag
            self._skip_depth = 1
        elif tag == "title":
            self._in_title = True
        elif tag == "body":
            self._in_body = True
        self._break_word(tag)

    def handle_endtag(self, tag):
        if self._skip_tag:
            if tag == self._skip_tag:
                self._skip_depth -= 1
                if self._skip_depth == 0:
                    self._skip_tag = None
            return
        if tag == "title":
            self._in_title = False
        elif tag == "body":
            self._in_body = False
        self._break_word(tag)

    def handle_data(self, data):
        if self._skip_tag:
            return
        if self._in_title:
            self.title.append(data)
        elif self._in_body:
            self.body.append(data)

    def _break_word(self, tag):
        if tag not in INLINE_TAGS and self._in_body:
            self.body.append(" ")


def read_page(path):
    parser = PageParser()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    return (path.name,
            " ".join("".join(parser.title).split()),
            " ".join("".join(parser.body).split()))


def read_corpus(directory):
    """[(file name, title, body)] of every page, in the order of the names."""
    return [read_page(path) for path in sorted(directory.glob("*.html"))]


# --- SQLite FTS5 ------------------------------------------------------------

class Fts5:
    name = "fts5"
    # Asking for all words first and for any word only when nothing has them
    # all was tried too: it is worse for plain questions (MRR@10 0.65 against
    # 0.69) and no different for misspelt ones, where no page has them all.
    configuration = ("porter unicode61 remove_diacritics 2; words OR-ed; "
                     f"bm25 with title weight {TITLE_WEIGHT}")

    def __init__(self, pages):
        self.database = sqlite3.connect(":memory:")
        self.database.execute(
            "CREATE VIRTUAL TABLE page USING fts5(title, body, "
            "tokenize='porter unicode61 remove_diacritics 2')")
        self.database.executemany(
            "INSERT INTO page (rowid, title, body) VALUES (?, ?, ?)",
            ((number, title, body)
             for number, (_, title, body) in enumerate(pages)))
        self.database.execute("INSERT INTO page(page) VALUES ('optimize')")
        self.database.commit()
        self.files = [name for name, _, _ in pages]

    @staticmethod
    def query(text, operator="OR"):
        # A word is what stands between spaces: quoted, FTS5 turns a name such
        # as pg_stat_activity into a phrase, which is the stricter reading.
        words = [word for word in text.split() if re.search(r"\w", word)]
        return f" {operator} ".join(
            '"' + word.replace('"', '""') + '"' for word in words)

    def search(self, text):
        match = self.query(text)
        if not match:
            return []
        rows = self.database.execute(
            "SELECT rowid FROM page WHERE page MATCH ? "
            f"ORDER BY bm25(page, {TITLE_WEIGHT}.0, 1.0) LIMIT {TOP}",
            (match,))
        return [self.files[number] for (number,) in rows]


# --- Xapian -----------------------------------------------------------------

class XapianIndex:
    """One index for Xapian, however the spelling is treated."""

    def __init__(self, pages, directory):
        import xapian
        self.xapian = xapian
        # On disk, because an in-memory database keeps no spelling data.
        database = xapian.WritableDatabase(
            str(directory), xapian.DB_CREATE_OR_OVERWRITE)
        generator = xapian.TermGenerator()
        generator.set_stemmer(xapian.Stem("en"))
        generator.set_database(database)
        generator.set_flags(xapian.TermGenerator.FLAG_SPELLING)
        for name, title, body in pages:
            document = xapian.Document()
            document.set_data(name)
            generator.set_document(document)
            generator.index_text(title, 1, "S")
            generator.index_text(title, TITLE_WEIGHT)
            generator.increase_termpos()
            generator.index_text(body)
            database.add_document(document)
        database.commit()
        database.close()
        self.database = xapian.Database(str(directory))


class Xapian:
    # As for FTS5, asking for all words first was tried and is worse for plain
    # questions, whichever way the spelling is treated.
    CONFIGURATION = ("English stemming, STEM_SOME; OR; BM25; title also with "
                     f"wdf {TITLE_WEIGHT}; ")

    # What is done about the spelling, and how the report calls it. Xapian
    # offers a correction for every word that has a more frequent neighbour,
    # also for words that are spelled well ("kill" becomes "fill", "stop"
    # becomes "step"), because it is meant to be shown as "did you mean".
    # Taking every offer makes plain questions worse, so Xapian's best
    # configuration asks it only about the words that the index does not have.
    UNKNOWN, OFFERED, NONE = "xapian", "xapian_offered", "xapian_nospell"
    SPELLING = {UNKNOWN: "words not in the index are corrected",
                OFFERED: "the corrected query wherever one is offered",
                NONE: "no spelling correction"}

    def __init__(self, index, name):
        self.name = name
        self.configuration = self.CONFIGURATION + self.SPELLING[name]
        xapian = index.xapian
        self.database = index.database
        self.stem = xapian.Stem("en")
        self.parser = xapian.QueryParser()
        self.parser.set_stemmer(self.stem)
        self.parser.set_stemming_strategy(xapian.QueryParser.STEM_SOME)
        self.parser.set_default_op(xapian.Query.OP_OR)
        self.parser.set_database(self.database)
        self.parser.add_prefix("title", "S")
        self.enquire = xapian.Enquire(self.database)
        self.enquire.set_weighting_scheme(xapian.BM25Weight())
        # No boolean operators or wildcards: a question is plain text.
        self.flags = (xapian.QueryParser.FLAG_SPELLING_CORRECTION
                      if name == self.OFFERED else 0)

    def correct_word(self, match):
        word = match.group().lower()
        # "Z" is where Xapian keeps the stemmed form of a word.
        if (self.database.term_exists(word)
                or self.database.term_exists(b"Z" + self.stem(word))):
            return match.group()
        suggestion = self.database.get_spelling_suggestion(word)
        return suggestion.decode() or match.group()

    def parse(self, text):
        if self.name == self.UNKNOWN:
            text = re.sub(r"\w+", self.correct_word, text)
        query = self.parser.parse_query(text, self.flags)
        if self.name == self.OFFERED:
            corrected = self.parser.get_corrected_query_string()
            if corrected:
                query = self.parser.parse_query(corrected, 0)
        return query

    def search(self, text):
        self.enquire.set_query(self.parse(text))
        return [match.document.get_data().decode()
                for match in self.enquire.get_mset(0, TOP)]


# --- The measurement --------------------------------------------------------

def rank_of(found, answers):
    """The rank, from 1, of the first answer; None when none is found."""
    for rank, name in enumerate(found, 1):
        if name in answers:
            return rank
    return None


def scores(ranks):
    def mean(values):
        return round(statistics.fmean(values), 4) if ranks else None
    return {"questions": len(ranks),
            "mrr10": mean([1 / rank if rank else 0 for rank in ranks]),
            "hit1": mean([rank == 1 for rank in ranks]),
            "hit10": mean([rank is not None for rank in ranks])}


def measure(engine, questions):
    """The engine's ranks by question, and its row of the report."""
    # The ranks come from a first, untimed round, which also warms the caches.
    ranks = {question["id"]: rank_of(engine.search(question["text"]),
                                     question["answers"])
             for question in questions}
    times = []
    for _ in range(LATENCY_ROUNDS):
        for question in questions:
            start = time.perf_counter()
            engine.search(question["text"])
            times.append(time.perf_counter() - start)
    row = {kind: scores([ranks[question["id"]] for question in questions
                         if question["kind"] == kind])
           for kind in ("plain", "misspelt")}
    row["p50_ms"] = round(statistics.median(times) * 1000, 3)
    row["configuration"] = engine.configuration
    return ranks, row


def print_table(engines):
    heading = f"{'':16}{'plain':^27}{'misspelt':^27}"
    columns = "".join(f"{name:>9}" for name in
                      ("MRR@10", "hit@1", "hit@10") * 2)
    print(heading.rstrip())
    print(f"{'engine':16}{columns}{'p50 ms':>10}")
    for name, row in engines.items():
        values = "".join(
            f"{row[kind][measure]:9.3f}" if row[kind]["questions"]
            else f"{'-':>9}"
            for kind in ("plain", "misspelt")
            for measure in ("mrr10", "hit1", "hit10"))
        print(f"{name:16}{values}{row['p50_ms']:10.2f}")


def check_questions(questions, files):
    """Ends the run when a question could not be scored fairly."""
    problems = []
    seen = set()
    for question in questions:
        identity = question["id"]
        if identity in seen:
            problems.append(f"{identity}: this id is used twice")
        seen.add(identity)
        if question["kind"] not in ("plain", "misspelt"):
            problems.append(f"{identity}: unknown kind {question['kind']!r}")
        if not question["answers"]:
            problems.append(f"{identity}: has no answer")
        problems += [f"{identity}: the corpus has no page {name}"
                     for name in question["answers"] if name not in files]
    if problems:
        sys.exit("\n".join(problems))


def main():
    arguments = argparse.ArgumentParser(
        description="Measure SQLite FTS5 and Xapian on relevance questions.")
    arguments.add_argument("--corpus", type=pathlib.Path, required=True,
                           help="directory of *.html pages")
    arguments.add_argument("--questions", type=pathlib.Path, required=True)
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    arguments.add_argument("--only", default="fts5,xapian",
                           help="peers to run, separated by commas")
    options = arguments.parse_args()
    wanted = [name.strip() for name in options.only.split(",") if name.strip()]
    unknown = sorted(set(wanted) - {"fts5", "xapian"})
    if unknown or not wanted:
        arguments.error(f"--only: no such peer: {', '.join(unknown) or 'none'}")

    questions_file = json.loads(options.questions.read_text(encoding="utf-8"))
    questions = questions_file["questions"]
    pages = read_corpus(options.corpus)
    if not pages:
        arguments.error(f"--corpus: no *.html page in {options.corpus}")
    check_questions(questions, {name for name, _, _ in pages})

    report = {"corpus": questions_file["corpus"], "pages": len(pages),
              "versions": {}, "engines": {}, "per_question": {}}
    report["per_question"] = {question["id"]: {} for question in questions}

    def run(engine):
        ranks, row = measure(engine, questions)
        report["engines"][engine.name] = row
        for identity, rank in ranks.items():
            report["per_question"][identity][engine.name] = rank

    if "fts5" in wanted:
        report["versions"]["sqlite"] = sqlite3.sqlite_version
        run(Fts5(pages))
    if "xapian" in wanted:
        with tempfile.TemporaryDirectory() as directory:
            index = XapianIndex(pages, directory)
            report["versions"]["xapian"] = index.xapian.version_string()
            for name in Xapian.SPELLING:
                run(Xapian(index, name))

    options.out.write_text(json.dumps(report, indent=1) + "\n",
                           encoding="utf-8")
    kinds = [question["kind"] for question in questions]
    print(f"{report['corpus']}: {len(pages)} pages, "
          f"{kinds.count('plain')} plain and "
          f"{kinds.count('misspelt')} misspelt questions")
    print_table(report["engines"])


if __name__ == "__main__":
    main()
