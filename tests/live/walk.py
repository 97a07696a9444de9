#!/usr/bin/python3
"""Walks documents that nobody here wrote through the real command, and looks at what comes out.

    walk.py --command build/bin/docupilot --corpus DIR --pdf DIR --work build/test-scratch/walk [--store s3://...]

With --store the objects rest there, in a bucket that is made; documents and index stay in files.
--corpus is a folder of HTML pages (Debian's postgresql-doc-15), --pdf one with debian-faq.en.pdf.gz (debian-faq).
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

OPTIONS = None


def docupilot(*arguments, ok=(0,)):
    """Runs the command and returns its JSON lines."""
    result = subprocess.run([OPTIONS.command, *OPTIONS.where, *map(str, arguments), "--json"],
                            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if result.returncode not in ok:
        raise AssertionError(f"{arguments}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Walk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(OPTIONS.work, ignore_errors=True)
        OPTIONS.work.mkdir(parents=True)
        cls.bucket = None
        OPTIONS.where = ["--library", str(OPTIONS.work / "library")]
        if OPTIONS.store:
            sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
            from s3_bucket import Bucket  # needs boto3, which the walk on files does not
            cls.bucket = Bucket(OPTIONS.store)
            cls.bucket.create()
            configuration = OPTIONS.work / "docupilot.toml"
            configuration.write_text(f"library = 'library'\nstore = '{OPTIONS.store}'\n")
            OPTIONS.where = ["--config", str(configuration)]
        began = time.monotonic()
        cls.pages = sorted(OPTIONS.corpus.glob("*.html"))
        docupilot("ingest", OPTIONS.corpus)
        print(f"{len(cls.pages) / (time.monotonic() - began):.0f} documents a second", flush=True)
        cls.rows = {row["name"]: row for row in docupilot("list", "--limit", "10000")}

    def test_every_page_is_there_with_its_bytes(self):
        self.assertGreaterEqual(len(self.pages), 1000)
        for page in self.pages:
            self.assertIn(page.name, self.rows)
            self.assertEqual(self.rows[page.name]["sha256"], sha256(page), page.name)
            self.assertEqual(self.rows[page.name]["content_type"], "text/html")

    def test_the_bucket_holds_the_bytes_of_every_document_and_nothing_else(self):
        if self.bucket is None:
            self.assertTrue((OPTIONS.work / "library" / "objects").is_dir())
            return
        stored = sorted(self.bucket.objects().values())
        self.assertEqual(stored, sorted(row["sha256"] for row in docupilot("list", "--limit", "10000")))
        self.assertFalse((OPTIONS.work / "library" / "objects").exists())

    def test_titles_come_from_the_pages(self):
        self.assertIn("CREATE INDEX", self.rows["sql-createindex.html"]["title"])

    def test_a_page_comes_back_as_it_was(self):
        copy = OPTIONS.work / "copy.html"
        docupilot("get", self.rows["sql-vacuum.html"]["id"], "--output", copy)
        self.assertEqual(sha256(copy), sha256(OPTIONS.corpus / "sql-vacuum.html"))

    def test_a_question_finds_its_page_with_the_words_marked(self):
        hits = docupilot("search", "create index concurrently")
        self.assertIn("sql-createindex.html", [hit["name"] for hit in hits[:3]])
        self.assertIn("**", hits[0]["snippet"])
        self.assertEqual(sorted((hit["score"] for hit in hits), reverse=True), [hit["score"] for hit in hits])

    def test_a_misspelt_question_finds_its_page(self):
        hits = docupilot("search", "vaccum analize")
        self.assertTrue({"sql-vacuum.html", "routine-vacuuming.html", "sql-analyze.html", "app-vacuumdb.html"} &
                        {hit["name"] for hit in hits[:5]}, [hit["name"] for hit in hits])

    def test_a_page_is_summarised_in_sentences_of_its_own(self):
        summary = docupilot("summarize", self.rows["sql-vacuum.html"]["id"])[0]
        text = summary.get("summary") or summary.get("text")
        self.assertGreater(len(text), 80)
        self.assertIn("VACUUM", text)

    def test_ingesting_again_changes_nothing(self):
        before = {name: row["revision"] for name, row in self.rows.items()}
        docupilot("ingest", OPTIONS.corpus)
        after = {row["name"]: row["revision"] for row in docupilot("list", "--limit", "10000")
                 if row["name"] in before}
        self.assertEqual(before, after)

    def test_everything_fits_together(self):
        found = docupilot("sweep", "--dry-run")[0]
        for what in ("orphan_objects", "missing_entries", "orphan_entries", "dangling_documents"):
            self.assertEqual(found[what], [], what)

    def test_a_pdf_is_found_and_summarised(self):
        if shutil.which("pdftotext") is None:
            print("SKIPPED: pdftotext (poppler-utils is not installed)")
            self.skipTest("pdftotext is not installed")
        folder = OPTIONS.work / "faq"
        folder.mkdir(exist_ok=True)
        pdf = folder / "debian-faq.en.pdf"
        pdf.write_bytes(gzip.decompress((OPTIONS.pdf / "debian-faq.en.pdf.gz").read_bytes()))
        document = docupilot("ingest", pdf)[0]
        document = document.get("document", document)
        self.assertEqual(document["content_type"], "application/pdf")
        hits = docupilot("search", "social contract free software guidelines")
        self.assertIn(document["id"], [hit["id"] for hit in hits[:3]])
        summary = docupilot("summarize", document["id"])[0]
        self.assertIn("Debian", summary.get("summary") or summary.get("text"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", required=True)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--pdf", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--store", default="", help="s3://BUCKET/PREFIX?endpoint=...&region=..., credentials in the environment")
    OPTIONS = parser.parse_args()
    OPTIONS.work = OPTIONS.work.resolve()
    if not any(OPTIONS.corpus.glob("*.html")):
        print("SKIPPED: corpus (there are no pages of postgresql-doc-15)")
        sys.exit(0)
    unittest.main(argv=[sys.argv[0], "-v"])
