/**
 * Days on which China changed its clocks, as wall time at +08:00: in each of these spans it had +09:00. As in the
 * tz database (PRC, 1986 to 1991); an instant in such a summer is wall time with its offset there.
 */
const summers: readonly (readonly [from: string, to: string])[] = [
  ["1986-05-04 02:00:00", "1986-09-14 01:00:00"],
  ["1987-04-12 02:00:00", "1987-09-13 01:00:00"],
  ["1988-04-17 02:00:00", "1988-09-11 01:00:00"],
  ["1989-04-16 02:00:00", "1989-09-17 01:00:00"],
  ["1990-04-15 02:00:00", "1990-09-16 01:00:00"],
  ["1991-04-14 02:00:00", "1991-09-15 01:00:00"],
];

const wallLength = "YYYY-MM-DD HH:MM:SS".length;

/** A wall time without the zeros at the end of its fraction: a column's own number of places is no part of the value. */
export function wallText(text: string): string {
  return text.length > wallLength && text.charCodeAt(wallLength) === dot ? text.replace(/\.?0+$/, "") : text;
}
const dot = 46;

/** An instant that the session wrote at +08:00 → wall time in China with its offset. Zero is no instant and stays as it is. */
export function instantText(text: string): string {
  const wall = wallText(text);
  if (wall.startsWith("0000-00-00")) return wall;
  const isSummer = wall.startsWith("19") && summers.some(([from, to]) => wall >= from && wall < to);
  return isSummer ? `${oneHourLater(wall)}+09` : `${wall}+08`;
}

function oneHourLater(wall: string): string {
  const seconds = Date.parse(`${wall.slice(0, 10)}T${wall.slice(11, wallLength)}Z`) + 3_600_000;
  const later = new Date(seconds).toISOString();
  return `${later.slice(0, 10)} ${later.slice(11, wallLength)}${wall.slice(wallLength)}`;
}
