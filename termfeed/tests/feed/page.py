"""The page of termfeed serve in a real browser, as a person uses it.

usage: page.py URL FOLDER, of a server with the token "hush", the stream "menu" and the lexicon "brands".
Pictures of what was seen are left in FOLDER.
"""

import gzip
import pathlib
import sys

from browser import browser

url, folder = sys.argv[1], pathlib.Path(sys.argv[2])
number = 0


def check(name, holds):
    global number
    number += 1
    assert holds, f"not ok {number} - {name}"
    print(f"ok {number} - {name}", flush=True)


HOSTILE = '<img src=x onerror="document.title=`broken in`">'
rows = folder / "page.csv"
rows.write_text("menu_id,name\n" + "".join(
    f"{number},{'a pepssi' if number % 3 else 'soup of the day'}\n" for number in range(1000, 3000))
    + f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",pepsi\nseven,"Pepsi, and more"\n9\n')
(folder / "packed.csv.gz").write_bytes(gzip.compress(b"menu_id,name\n9001,coca cola\n"))
(folder / "wrong.csv").write_text("id,name\n1,x\n")

with browser(folder) as page:
    page.open(url)
    page.until("document.querySelector('#token').open")
    page.type("#token-text", "hash")
    page.press("enter")
    page.until("document.querySelector('#token-why').textContent.includes('not the server')")
    check("a wrong token is asked for again", page.run("document.querySelector('#token').open"))
    page.type("#token-text", "hush")
    page.press("enter")
    page.until("document.querySelector('#health').textContent === 'connected'")
    check("with the token it is connected, and shows the stream", page.text("#flow-title") == "Stream menu")
    check("the token is not in the page", "hush" not in page.run("document.documentElement.outerHTML"))
    page.errors()

    before = page.run("Number(document.querySelectorAll('#counts dd')[0].textContent.replaceAll(',', ''))")
    page.type("#file", str(rows))
    page.until("document.querySelector('.said')?.textContent.includes('taken')")
    check("a file is taken, and its counts are told", "2,000 taken, 3 rejected" in page.text(".said"))
    page.until("Number(document.querySelectorAll('#counts dd')[0].textContent.replaceAll(',', '')) >= arguments[0]",
               before + 2003)
    check("the stream's counts grow", True)
    page.until("document.querySelector('.edge').getAttribute('d').length > 10")
    check("rows a second are plotted",
          page.run("document.querySelector('.plot svg').getAttribute('aria-label')").startswith("Rows a second: now"))
    page.until("document.querySelectorAll('#reject-table tbody tr').length >= 3")
    check("rejects come in with their reason",
          any("invalid input syntax for type bigint" in why for why in page.texts("#reject-table .why")))
    check("what a row says is text, whatever it says",
          any(HOSTILE.replace('"', '""') in row for row in page.run("[...document.querySelectorAll('#reject-table code')].map((c) => c.textContent)"))
          and page.run("document.querySelectorAll('#reject-table img').length") == 0
          and page.text("title") != "broken in" and page.run("document.title") == "termstream")
    check("no markup can be made of text, by policy",
          page.run("(() => { try { document.createElement('p').innerHTML = 'x'; return false } catch { return true } })()"))
    page.errors()
    page.type("#file", str(folder / "packed.csv.gz"))
    page.until("document.querySelector('.said')?.textContent.includes('1 taken')")
    check("a packed file is taken", True)
    page.type("#file", str(folder / "wrong.csv"))
    page.until("document.querySelector('.uploads .why:not([hidden])')?.textContent")
    check("a file with other columns is refused, with the reason", "menu_id" in page.text(".uploads .why"))
    complaints = page.errors()
    check(f"the browser complains of the refused request alone: {complaints}",
          all("streams/menu?" in line and " 400 " in line for line in complaints))

    page.run("document.activeElement.blur()")
    page.press("/")
    check("/ goes to the text", page.run("document.activeElement.id") == "text")
    page.type("#text", "two cups of Coca Colla \u2014 and PEPSI")
    page.until("document.querySelectorAll('#found mark').length === 2")
    check("mentions are marked as written", page.texts("#found mark") == ["Coca Colla", "PEPSI"])
    page.run("(document.querySelector('#text').value = arguments[0], "
             "document.querySelector('#text').dispatchEvent(new Event('input')))",
             "\U0001f600\U0001f600 a\u0301 pepssi \U0001d4ab <b>pepsi</b>")
    page.until("document.querySelector('#found').textContent.includes('<b>')")
    check("characters beyond the first plane are counted once", page.texts("#found mark") == ["pepssi", "pepsi"])
    page.run("document.querySelector('#found mark').focus()")
    check("a mention tells its term, kind and distance",
          page.text("#tip") == "Pepsi\nfuzzy, distance 1, similarity 0.83" and not page.run("document.querySelector('#tip').hidden"))
    check("mentions are listed, too", page.texts("#mentions tbody tr td:first-child") == ["Pepsi", "Pepsi"])

    page.press("escape")
    page.run("document.activeElement.blur()")
    page.press("r")
    check("r goes to the rejects", page.run("document.activeElement.id") == "rejects")
    page.press("?")
    check("? lists the keys", page.run("document.querySelector('#keys').open"))
    page.press("escape")
    check("escape closes the list", not page.run("document.querySelector('#keys').open"))
    page.run("(scrollTo(0, 0), document.activeElement.blur())")
    page.open(url + "#menu")
    page.call("POST", "/refresh")
    page.until("document.querySelector('#health').textContent === 'connected'")
    check("the token is kept for the tab", not page.run("document.querySelector('#token').open"))
    page.press("tab")
    check("the first stop of the tab key skips to the stream", page.run("document.activeElement.className") == "skip")
    check("everything came from the server itself",
          page.run("performance.getEntriesByType('resource').every(({ name }) => name.startsWith(location.origin))"))
    check("every control has a name", page.run(
        "[...document.querySelectorAll('button, input, select, textarea')].every((each) =>"
        " each.textContent.trim() || each.getAttribute('aria-label') || each.labels?.length)"))

    waiting = page.run("document.querySelectorAll('#reject-table tbody tr').length")
    page.click("#reject-table tbody tr button")
    page.until("document.querySelector('#rejects-said').textContent")
    check("a reject that is no better is rejected again", page.text("#rejects-said") == "0 taken, 1 rejected again")
    check("and is still there", page.run("document.querySelectorAll('#reject-table tbody tr').length") == waiting)

    page.type("#text", "Two Coca Colla with a slice of lemon, one PEPSI Max, and cocacola for the road.")
    page.until("document.querySelectorAll('#found mark').length >= 2")
    page.run("document.activeElement.blur()")
    page.type("#file", str(rows))
    page.until("document.querySelector('.said')?.textContent.includes('taken')")
    page.until("document.querySelectorAll('#loads tr').length > 1")
    colours = set()
    for scheme, (width, height) in [("light", (1240, 1500)), ("dark", (1240, 1500)), ("light", (390, 2600))]:
        page.scheme(scheme)
        page.width(width, height)
        colours.add(page.run("getComputedStyle(document.body).backgroundColor"))
        page.picture(folder / f"page-{scheme}-{width}.png")
        check(f"nothing runs out of a window of {width}, {scheme}",
              page.run("document.documentElement.scrollWidth") <= width)
    check("dark mode is dark", len(colours) == 2)
    check("and the browser has no complaints", page.errors() == [])

print(f"1..{number}")
