"""A same-length copy of a text in which what must not matter is folded away.

Matching runs on the copy; names, titles and quotes are cut from the source at the same offsets.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

_PAIRS = {
    "[": "(",
    "]": ")",
    "\u3014": "(",  # tortoise-shell brackets, as in document numbers
    "\u3015": ")",
    "\u3010": "(",  # lenticular brackets
    "\u3011": ")",
    "\u3016": "(",
    "\u3017": ")",
    "\u300c": "\u201c",  # corner brackets quote in traditional texts
    "\u300d": "\u201d",
    "\u300e": "\u201c",
    "\u300f": "\u201d",
    "~": "-",
    "\u2010": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2015": "-",
    "\u2212": "-",
    "\u2500": "-",
    "\u25cb": "\u3007",  # circles that stand for zero
    "\u25ef": "\u3007",
    "\u2502": "|",  # box-drawn columns
    "\u2503": "|",
    "\u2551": "|",
    "\u2236": ":",
    "\ufe30": ":",
    "\ufe55": ":",
    "\ufe50": ",",
    "\ufe54": ";",
    "\ufe52": ".",
    "\r": "\n",
    "\f": "\n",
    "\v": "\n",
    "\x85": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
}
_BLANKS = "\t\u3000\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u200b\ufeff"


def _width_table() -> dict[str, str]:
    table = _PAIRS | dict.fromkeys(_BLANKS, " ")
    for code in range(0xFF01, 0xFF5F):  # full-width ASCII
        half = chr(code - 0xFEE0)
        table[chr(code)] = table.get(half, half)
    for code in range(0x2F00, 0x2FD6):  # Kangxi radicals, as some PDF writers print 月 and 日
        table[chr(code)] = unicodedata.normalize("NFKC", chr(code))
    return table


_WIDTH = _width_table()
_LETTERS = re.compile("[一二][O\u3007零一二三四五六七八九]{3}(?=年)")
# Characters that occur in traditional texts only; any one of them asks for the script table.
_TRADITIONAL = frozenset(
    "來個們傳傷僅僑價儀億償優兒內兩劃動務區參員啟單國園圓圖團報場塊塵墊壓壞壯奪婦孫學實寧審寫寶將專尋對導屆層屬島嶺巖師帳幣幫幾庫廟廠廢廣廳強彈後徑從徵憲應懲戶掃掛採揚換損搶擇擔據擬擴攝"
    "敗數斷於時會業構樑樓標樣橋檢歷氣減滅濕災為無煙爭獎環產畫異當發眾確礦種穩競節築簡簽籌糧糾純紙級細結絡給統經綠綫維網緊線編緩縣縮總繳繼續罰聯職肅脫腦臨與興舉艱萬蓋藝藥處號術衛補裝複見"
    "規視覽觀訂計訊訓託設許詢試該詳認誤說調請論證譜護變讓負財貢貨貫責買費貼資賠賣質賬賽贈贏趙跡踐車軌軟較載輔輕輛輪輸轄轉辦農這週進運過遞適遷選遺還邊郵鄉鄭鄰醫釋針鈔鋼錄錢錯鍵鎖鎮鏈鐘鐵"
    "鑒長門閉開閒間閱闊關陸陽隊階際險隱雜離難電靈靜頁頂項順預領頭頻顆題額類顧風飛餘館馬驗驟體鬧魚魯鳥鹽麗麥黃點黨齊齡"
)


@cache
def _converter() -> Any:
    """OpenCC from traditional to simplified; loading it takes longer than a text."""
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=256)
def _script_table(characters: str) -> dict[int, int]:
    """Traditional to simplified for the characters given, one to one (OpenCC's character dictionary)."""
    converted = _converter().convert("\n".join(characters)).split("\n")
    return {ord(a): ord(b) for a, b in zip(characters, converted, strict=True) if len(b) == 1 and a != b}


def fold(text: str) -> str:
    """Half-width punctuation and digits, plain blanks, simplified characters; len(fold(t)) == len(t)."""
    characters = set(text)
    folded = _replace(text, {char: _WIDTH[char] for char in characters & _WIDTH.keys()})
    if "O" in folded:  # 二OO八年, with letters for the circles
        folded = _LETTERS.sub(lambda match: match[0].replace("O", "\u3007"), folded)
    if not _TRADITIONAL.isdisjoint(characters):
        wide = sorted(char for char in characters if char >= "\u3400")
        folded = folded.translate(_script_table("".join(wide)))
    return folded


def _replace(text: str, pairs: dict[str, str]) -> str:
    """Replace single characters. A few are replaced one by one: faster than a table for the whole text."""
    if len(pairs) > 60:
        return text.translate({ord(char): plain for char, plain in pairs.items()})
    for char, plain in pairs.items():
        text = text.replace(char, plain)
    return text
