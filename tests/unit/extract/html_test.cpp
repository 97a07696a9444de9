#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "base/utf8.h"
#include "extract/formats.h"
#include "extract/html_filter.h"
#include "extract_support.h"

using namespace docupilot;
using docupilot_test::extract_as;

namespace {

std::string text_of(const std::string& html) {
  const auto result = html_to_text(html, {}, {});
  REQUIRE_MESSAGE(result, (result ? "" : result.error().to_string()));
  return result->text;
}

std::string title_of(const std::string& html) { return html_to_text(html, {}, {})->title; }

}  // namespace

TEST_CASE("blocks become paragraphs and running text becomes lines") {
  CHECK(text_of("<h1>Head</h1><p>One\n two <b>three</b>.</p><p>Four<p>Five") ==
        "Head\n\nOne two three.\n\nFour\n\nFive\n");
  CHECK(text_of("<div>a<div>b</div>c</div>") == "a\n\nb\n\nc\n");
  CHECK(text_of("a<br>b<br/>c<hr>d") == "a\nb\nc\n\nd\n");
  CHECK(text_of("x<span> y </span> z <i>i</i>talic w<wbr>ord") == "x y z italic word\n");
  CHECK(text_of("<blockquote>q</blockquote>after") == "q\n\nafter\n");
}

TEST_CASE("entities are decoded") {
  CHECK(text_of("&lt;a&gt; &amp;amp; &eacute;&#233;&#xE9; &euro; &hellip;") == "<a> &amp; ééé € …\n");
  CHECK(text_of("a&nbsp;b&nbsp;&nbsp;c") == "a b c\n");
  CHECK(text_of("hy&shy;phen") == "hyphen\n");
  CHECK(text_of("1 < 2 & 3 > 2 <3") == "1 < 2 & 3 > 2 <3\n");
}

TEST_CASE("a character reference beyond any number is one unknown character") {
  const std::string huge = "&#x" + std::string(54, '9');
  for (const std::string& page :
       {"<p>a" + huge + "b", "<title>a" + huge + "</title>b", std::string("<pre>a&#99999999999;</pre>")}) {
    CAPTURE(page);
    const ExtractedText result = html_to_text(page, {}, {}).value();
    CHECK(is_utf8(result.text));
    CHECK(is_utf8(result.title));
    CHECK((result.text + result.title).find("\uFFFD") != std::string::npos);
  }
}

TEST_CASE("lists have one item a line") {
  CHECK(text_of("<ul><li>a<li>b</ul>after") == "- a\n- b\n\nafter\n");
  CHECK(text_of("before<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>") == "before\n\n- a\n- b\n- c\n");
  CHECK(text_of("<ul><li><p>a</p></li><li><p>b</p></li></ul>") == "- a\n\n- b\n");
  CHECK(text_of("<ul><li></li><li>a</li><li> </li></ul>z") == "- a\n\nz\n");
  CHECK(text_of("<dl><dt>term<dd>meaning<dt>other<dd>more</dl>") == "term\nmeaning\nother\nmore\n");
}

TEST_CASE("tables have one row a line, with tabs between cells") {
  CHECK(text_of("<table><caption>Cap</caption><tr><th>a<th>b<tr><td>1<td>2</table>x") == "Cap\na\tb\n1\t2\n\nx\n");
  CHECK(text_of("<table><tbody><tr><td><p>a</p></td><td><div>b</div></td></tr><tr><td></td><td>d</td></tr></table>") ==
        "a\tb\n\td\n");
  CHECK(text_of("<table><tr><td>a</td><td></td><td>c</td><td></td></tr></table>") == "a\t\tc\n");
}

TEST_CASE("preformatted text keeps its line breaks") {
  CHECK(text_of("<p>a</p><pre>\n  x = 1\n    y\n\n\tz</pre>b") == "a\n\n  x = 1\n    y\n\n\tz\n\nb\n");
  CHECK(text_of("<textarea>a\n <b>b</textarea>") == "a\n <b>b\n");
}

TEST_CASE("what readers do not see is left out") {
  CHECK(text_of("<script>var a = '<p>no</p>';</script>a<style>p{}</style>b") == "ab\n");
  CHECK(text_of("a<noscript>no</noscript><template><p>no</p><template>no</template>no</template>b") == "ab\n");
  CHECK(text_of("a<svg><title>no</title><text>no</text></svg>b<!-- no <p> no -->c") == "abc\n");
  CHECK(text_of("<head><title>no</title><meta name=x content=no></head><body>a") == "a\n");
  CHECK(text_of("<iframe>no</iframe>a<!DOCTYPE no><?php no ?>b") == "ab\n");
  CHECK(text_of("<script><!-- document.write('<script>no</script>') --></script>a") == "a\n");
  CHECK(text_of("<script>if (a <!--b) no</script>a<script>-->no</script>") == "a\n");
}

TEST_CASE("comments end where browsers end them") {
  CHECK(text_of("a<!-->b<!--->c<!-- x --!>d<!-- - -- > -->e") == "abcde\n");
  CHECK(text_of("a<!-- never ended <p>b") == "a\n");
}

TEST_CASE("the page's chrome is left out") {
  CHECK(text_of("<nav><ul><li>Home</ul></nav><main>a</main>") == "a\n");
  CHECK(text_of("<div class=\"navheader\"><table><tr><td>Prev</table></div>a<div class='x NavFooter y'>Next</div>") ==
        "a\n");
  CHECK(text_of("<div id=navheader>no</div>a<div class=navheaders title=navheader>b</div>") == "a\n\nb\n");
}

TEST_CASE("the title is the page's, else its first heading") {
  CHECK(title_of("<title> My\n  &amp; title </title><h1>Head</h1>") == "My & title");
  CHECK(title_of("<h1>First <i>head</i></h1><h1>Second</h1>") == "First head");
  CHECK(title_of("<svg><title>no</title></svg><h1>Head</h1>") == "Head");
  CHECK(title_of("<title></title><h1>Head</h1>") == "Head");
  CHECK(title_of("<title>One</title><title>Two</title>") == "One");
  CHECK(title_of("<p>none</p>") == "");
  CHECK(title_of("<title>a<b>c</title>") == "a<b>c");
}

TEST_CASE("broken markup gives what can be read") {
  CHECK(text_of("a<b") == "a\n");
  CHECK(text_of("a<p class='x") == "a\n");
  CHECK(text_of("a</p>b</div></table>c") == "a\n\nbc\n");
  CHECK(text_of("<b><i>a</b>b</i>c") == "abc\n");
  CHECK(text_of("<table>a<tr>b<td>c</table>d").find("c") != std::string::npos);
  CHECK(text_of("a<svg>b<p>c") == "ab\n\nc\n");
  CHECK(text_of("a<template>b") == "ab\n");
  CHECK(text_of("</") == "</\n");
  CHECK(text_of("<") == "<\n");
  CHECK(text_of("<>a</>b< p>") == "<>ab< p>\n");
}

TEST_CASE("the filter leaves nothing but structure and text") {
  CHECK(*filter_html("<DIV class=a id=b><p style='x'>a <b>b</b><custom-tag>c</custom-tag><img src=x></p></DIV>", 9) ==
        "<div><p>a bc</p></div>");
  CHECK(*filter_html("<div class=navfooter a=1>x</div>", 9) == "<div id=chrome>x</div>");
  CHECK(*filter_html("<option>a<option>b", 9) == " a b");
}

TEST_CASE("a real page reads as its author wrote it") {
  const auto result = extract_as("text/html", R"(<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
<title>1.2. Fundamentals</title><link rel="stylesheet" type="text/css" href="stylesheet.css" /></head>
<body id="docContent"><div xmlns="http://www.w3.org/TR/xhtml1/transitional" class="navheader"><table width="100%">
<tr><th colspan="5" align="center">1.2. Fundamentals</th></tr></table><hr /></div>
<div class="sect1" id="TUTORIAL"><div class="titlepage"><div><div><h2 class="title" style="clear: both">1.2. Fundamentals
<a href="#TUTORIAL" class="id_link">#</a></h2></div></div></div><p>
   Before we proceed, you should understand the <em class="firstterm">basic</em> architecture.
  </p><pre class="screen">
<code class="prompt">$</code> <strong class="userinput"><code>createdb mydb</code></strong>
</pre><div class="itemizedlist"><ul class="itemizedlist" style="list-style-type: disc; "><li class="listitem"><p>
     A server process.</p></li></ul></div></div><div class="navfooter"><hr /><table><tr><td>Prev</td></tr></table></div>
</body></html>)");
  REQUIRE(result);
  CHECK(result->title == "1.2. Fundamentals");
  CHECK(result->text ==
        "1.2. Fundamentals #\n\nBefore we proceed, you should understand the basic architecture.\n\n"
        "$ createdb mydb\n\n- A server process.\n");
}
