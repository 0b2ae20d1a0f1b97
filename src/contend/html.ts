/** Text as it must stand in HTML. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML content and for attribute values in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A table; cells are HTML already. Columns from `numbersFrom` on are aligned as numbers. */
export function htmlTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbersFrom: number,
): string {
  const cells = (tag: string, fields: readonly string[]) =>
    fields
      .map((field, i) => `<${tag}${i < numbersFrom ? '' : ' class="n"'}>${field}</${tag}>`)
      .join('');
  const body = rows.map((fields) => `<tr>${cells('td', fields)}</tr>`).join('\n');
  return (
    `<div class="scroll"><table><thead><tr>${cells('th', header.map(escapeHtml))}</tr></thead>\n` +
    `<tbody>${body}</tbody></table></div>`
  );
}
