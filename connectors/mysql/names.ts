/** Quoted under every sql_mode; a backtick in a name is doubled. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/**
 * `database.table`, `table`, or parts in backticks or double quotes where a name holds a dot. Anything else is one
 * name that no database has.
 */
export function relationParts(relation: string): readonly [string] | readonly [string, string] {
  const part = '(`(?:[^`]|``)+`|"(?:[^"]|"")+"|[^"`.]+)';
  const match = new RegExp(`^(?:${part}\\.)?${part}$`).exec(relation);
  const [, database, name] = match ?? [];
  if (name === undefined) return [relation];
  return database === undefined ? [unquoted(name)] : [unquoted(database), unquoted(name)];
}

function unquoted(part: string): string {
  const mark = part.charAt(0);
  if (mark !== "`" && mark !== '"') return part;
  return part.slice(1, -1).replaceAll(mark + mark, mark);
}
