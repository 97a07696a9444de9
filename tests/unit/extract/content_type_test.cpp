#include "extract/content_type.h"

#include <doctest/doctest.h>

#include "extract_support.h"

using namespace docupilot;
using namespace std::string_literals;
using docupilot_test::encode;
using docupilot_test::make_docx;
using docupilot_test::make_zip;

namespace {

std::string detect(std::string_view name, const std::string& head) { return detect_content_type(name, as_bytes(head)); }

}  // namespace

TEST_CASE("signatures tell the type whatever the name says") {
  for (const auto& [type, head] : std::vector<std::pair<std::string, std::string>>{
           {"application/pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3"},
           {"image/png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s},
           {"image/jpeg", "\xff\xd8\xff\xe0\0\x10JFIF"s},
           {"image/gif", "GIF89a\1\0\1\0"s},
           {"image/webp", "RIFF\x24\0\0\0WEBPVP8 "s},
           {"audio/vnd.wave", "RIFF\x24\0\0\0WAVEfmt "s},
           {"image/tiff", "II*\0\x08\0\0\0"s},
           {"video/mp4",
            "\0\0\0\x18"
            "ftypisom"s},
           {"image/heic",
            "\0\0\0\x18"
            "ftypheic"s},
           {"application/gzip", "\x1f\x8b\x08\0\0\0"s},
           {"application/x-xz",
            "\xfd"
            "7zXZ\0\0"s},
           {"application/zstd", "\x28\xb5\x2f\xfd\0"s},
           {"application/x-7z-compressed", "7z\xbc\xaf\x27\x1c\0"s},
           {"application/vnd.rar", "Rar!\x1a\x07\x01\0"s},
           {"application/x-tar", std::string(257, 'a') + "ustar\0" + "00"s},
           {"application/vnd.debian.binary-package", "!<arch>\ndebian-binary   1"s},
           {"application/x-elf", "\177ELF\2\1\1\0"s},
           {"application/vnd.sqlite3", "SQLite format 3\0\x10"s},
           {"application/rtf", "{\\rtf1\\ansi Hello}"s},
           {"application/postscript", "%!PS-Adobe-3.0\n"s},
           {"application/x-ole-storage", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"s},
           {"application/vnd.apache.parquet", "PAR1\x15\0\x15"s},
           {"font/woff2", "wOF2\0\1\0\0"s}}) {
    CHECK(detect("notes.txt", head) == type);
    CHECK(detect("", head) == type);
  }
}

TEST_CASE("a signature that is cut short is none") {
  CHECK(detect("", "%PDF") == "text/plain");
  CHECK(detect("", "\x89PNG\r\n\x1a"s + "\0"s) == "application/octet-stream");
  CHECK(detect("", std::string(257, 'a') + "usta") == "text/plain");
}

TEST_CASE("zip archives are told apart by what is in them, then by their name") {
  CHECK(detect("x.bin", make_docx("<x/>")) == docx_type);
  CHECK(detect("", make_zip({{"[Content_Types].xml", "x"}, {"xl/workbook.xml", "x"}})) ==
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
  CHECK(detect("", make_zip({{"mimetype", "application/epub+zip"}}, false)) == "application/epub+zip");
  const std::string plain = make_zip({{"a.txt", "hello"}});
  CHECK(detect("a.zip", plain) == "application/zip");
  CHECK(detect("a.docx", plain) == docx_type);
  CHECK(detect("a.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"s) == "application/msword");
}

TEST_CASE("text in any charset is text, and its name says what kind") {
  const std::string text = "Съешь ещё этих мягких французских булок, да выпей чаю.\n";
  for (const char* charset : {"UTF-8", "KOI8-R", "CP1251", "UTF-16LE", "UTF-16BE", "UTF-16", "UTF-32"}) {
    CHECK_MESSAGE(detect("", encode(charset, text)) == "text/plain", charset);
    CHECK_MESSAGE(detect("a.md", encode(charset, text)) == "text/markdown", charset);
  }
  CHECK(detect("a.CSV", "a,b\n1,2\n") == "text/csv");
  CHECK(detect("dir.html/readme", "hello") == "text/plain");
  CHECK(detect("a.json", "{}") == "application/json");
  CHECK(detect("picture.png", "not a picture") == "text/plain");
  CHECK(detect("noname", "\x1b[31mred\x1b[0m b\bold\n") == "text/plain");
}

TEST_CASE("a head that ends inside a character is still text") {
  const std::string text = docupilot_test::repeat("ж", 3000);
  CHECK(detect("", text.substr(0, 4095)) == "text/plain");
}

TEST_CASE("markup is found behind marks, blanks, comments and declarations") {
  CHECK(detect("", "<!DOCTYPE html><p>x") == "text/html");
  CHECK(detect("x.bin", "\xef\xbb\xbf \n<!-- a -->\n<HTML lang=de>") == "text/html");
  CHECK(detect("", "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>") == "application/xhtml+xml");
  CHECK(detect("", "<?xml version='1.0'?><book/>") == "application/xml");
  CHECK(detect("", "<?xml version='1.0'?><svg/>") == "image/svg+xml");
  CHECK(detect("", "<htmlish>") == "text/plain");
  CHECK(detect("a.txt", "<html>") == "text/plain");
  CHECK(detect("a.md", "<div>\n\n# Title") == "text/markdown");
}

TEST_CASE("binary data without a signature go by a name that can be true") {
  const std::string bytes("\x01\x02\x00\x03 data", 9);
  CHECK(detect("x", bytes) == "application/octet-stream");
  CHECK(detect("x.txt", bytes) == "application/octet-stream");
  CHECK(detect("x.png", bytes) == "application/octet-stream");
  CHECK(detect("x.bmp", bytes) == "image/bmp");
}

TEST_CASE("nothing at all goes by its name") {
  CHECK(detect("", "") == "application/octet-stream");
  CHECK(detect("a.txt", "") == "text/plain");
  CHECK(detect("a.pdf", "") == "application/pdf");
}

TEST_CASE("media types are read without parameters, case and blanks") {
  CHECK(essence(" Text/HTML ; charset=UTF-8") == "text/html");
  CHECK(essence("") == "");
  CHECK(is_textual("text/csv"));
  CHECK(is_textual("application/ld+json"));
  CHECK_FALSE(is_textual("text/rtf"));
  CHECK_FALSE(is_textual("image/svg+xml"));
  CHECK_FALSE(is_textual("application/octet-stream"));
}
