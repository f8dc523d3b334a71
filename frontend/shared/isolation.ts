// Text that somebody else wrote, shown so that its direction reorders nothing of ours beside it; as dashboard/render/isolation.py.

const MARK = /[\u2066-\u2069]/g;
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Direction is settled paragraph by paragraph, so the end of one ends every isolation within it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the separators of paragraphs are control characters.
const PARAGRAPH_ENDS = /[\x1c-\x1e\x85\u2029]/g;
const TURNS = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\u200f\u061c\u0660-\u0669]/u;
const POP = "\u2069";

/** The text for inside a <bdi>, which a closing mark without its opening one would end before its time. */
export function contained(text: string): string {
  let depth = 0;
  return text.replace(PARAGRAPH_ENDS, " ").replace(MARK, (mark) => {
    depth += mark === POP ? -1 : 1;
    if (depth >= 0) return mark;
    depth = 0;
    return "";
  });
}

/** The text for where no element can stand: titles, notifications, sentences. What turns nothing stays as it is. */
export function isolated(text: string): string {
  const plain = text.replace(PARAGRAPH_ENDS, " ").replace(CONTROLS, "");
  return TURNS.test(plain) ? `\u2068${plain}${POP}` : plain;
}
