// What the service's answers need of XML: elements by their name, and text. They have no attributes that matter, and no comments.

/** The text of the first such element. */
export function textIn(xml: string, element: string): string | undefined {
  const [first] = elementsIn(xml, element);
  return first === undefined ? undefined : unescaped(first);
}

/** What stands in each such element. */
export function elementsIn(xml: string, element: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${element}(?:\\s[^>]*)?>([^]*?)</${element}>`, "g")), ([, inside = ""]) => inside);
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? "&quot;");
}

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return letter(parseInt(hex, 16));
    if (decimal !== undefined) return letter(Number(decimal));
    return { amp: "&", lt: "<", gt: ">", quot: `"`, apos: "'" }[String(name).toLowerCase()] ?? "";
  });
}

/** Of what is no letter anywhere, the sign for that. */
function letter(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}
