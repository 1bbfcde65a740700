/**
 * Runs in the page: what of it a person could not read or reach. Texts with too little contrast (WCAG AA), controls without a name or too small for
 * a finger, ids that stand twice, headings that are missing, anything that makes a phone scroll sideways.
 */
export function auditPage(): string[] {
  const found: string[] = [];
  const elements = [...document.querySelectorAll<HTMLElement>("body, body *")].filter((element) => element.checkVisibility({ visibilityProperty: true }));

  const texts = elements.filter((element) => !element.closest("button:disabled") && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== ""));
  for (const element of texts) {
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const isLarge = Number.parseFloat(fontSize) >= 24 || (Number.parseFloat(fontSize) >= 18.66 && Number(fontWeight) >= 700);
    const ratio = contrast(rgb(color), background(element));
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${element.textContent?.trim().slice(0, 60)}`);
  }

  for (const control of elements.filter((element) => element.matches("button, input, select, a"))) {
    const named = control.getAttribute("aria-label") ?? (control instanceof HTMLInputElement ? [...(control.labels ?? [])].map((label) => label.textContent).join("") : control.textContent);
    if ((named ?? "").trim() === "") found.push(`no name: ${control.outerHTML.slice(0, 80)}`);
    const target = (control.matches("[type=checkbox]") ? (control.closest("label") ?? control) : control).getBoundingClientRect();
    if (target.height < 24 || target.width < 24) found.push(`small: ${control.outerHTML.slice(0, 80)}`);
  }

  const ids = elements.map((element) => element.id).filter((id) => id !== "");
  found.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id twice: ${id}`));
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  if (document.documentElement.lang === "" || document.title === "") found.push("no language or title");
  if (document.documentElement.scrollWidth > innerWidth) found.push(`scrolls sideways: ${document.documentElement.scrollWidth} px in ${innerWidth} px`);
  return found;

  function rgb(text: string): readonly number[] {
    return (text.match(/[\d.]+/g) ?? []).map(Number);
  }

  function background(element: Element | null): readonly number[] {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) > 0) return color;
    }
    return [255, 255, 255];
  }

  function contrast(one: readonly number[], other: readonly number[]): number {
    const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }

  function luminance(color: readonly number[]): number {
    const [red = 0, green = 0, blue = 0] = color.slice(0, 3).map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
}
