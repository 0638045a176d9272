//! Latin letters that neither decompose nor case-fold to ASCII, but that people write in ASCII:
//! `ø` as `o`, `ł` as `l`, `æ` as `ae`. The mapping is that of Unicode CLDR's Latin-ASCII transform
//! (common/transforms/Latin-ASCII.xml), of which this keeps the small letters that are in use; case
//! folding has been before.

/// `c` in ASCII. Nothing for the letters that folding settles by itself.
pub(super) fn ascii(c: char) -> Option<&'static str> {
    let ascii = match c {
        'æ' | 'ᴁ' => "ae",
        'ð' | 'đ' | 'ƌ' | 'ȡ' | 'ɖ' | 'ɗ' | 'ᴅ' => "d",
        'ø' | 'ɵ' | 'ⱺ' | 'ᴏ' => "o",
        'þ' => "th",
        'ħ' | 'ɦ' | 'ⱨ' | 'ʜ' => "h",
        'ı' | 'ɨ' | 'ɩ' | 'ɪ' => "i",
        'ĸ' | 'ʠ' | 'ɋ' => "q",
        // With its middle dot, which NFKD would set apart as punctuation.
        'Ŀ' | 'ŀ' => "l",
        'ł' | 'ƚ' | 'ȴ' | 'ɫ' | 'ɬ' | 'ɭ' | 'ⱡ' | 'ʟ' => "l",
        'ŋ' | 'ƞ' | 'ȵ' | 'ɲ' | 'ɳ' | 'ɴ' => "n",
        'œ' | 'ɶ' => "oe",
        'ŧ' | 'ƫ' | 'ƭ' | 'ȶ' | 'ʈ' | 'ⱦ' | 'ᴛ' => "t",
        'ƀ' | 'ƃ' | 'ɓ' | 'ʙ' => "b",
        'ƈ' | 'ȼ' | 'ɕ' | 'ᴄ' => "c",
        'ɛ' | 'ɇ' | 'ⱸ' | 'ᴇ' => "e",
        'ƒ' | 'ꜰ' => "f",
        'ƕ' => "hv",
        'ƙ' | 'ⱪ' | 'ᴋ' | 'ꝁ' => "k",
        'ƣ' => "oi",
        'ƥ' | 'ᵽ' | 'ᴘ' => "p",
        'ʋ' | 'ⱱ' | 'ⱴ' | 'ᴠ' => "v",
        'ƴ' | 'ɏ' | 'ʏ' => "y",
        'ƶ' | 'ȥ' | 'ɀ' | 'ʐ' | 'ʑ' | 'ⱬ' | 'ᴢ' => "z",
        'ǥ' | 'ɠ' | 'ɡ' | 'ɢ' | 'ʛ' => "g",
        'ȷ' | 'ɉ' | 'ɟ' | 'ʝ' | 'ᴊ' => "j",
        'ȿ' | 'ʂ' | 'ꜱ' => "s",
        'ɍ' | 'ɼ' | 'ɽ' | 'ɾ' | 'ʀ' => "r",
        'ʉ' | 'ᴜ' => "u",
        'ɱ' | 'ᴍ' => "m",
        'ⱥ' | 'ᴀ' => "a",
        'ⱳ' | 'ᴡ' => "w",
        _ => return None,
    };
    Some(ascii)
}
