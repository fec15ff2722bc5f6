/** A day and the minutes since its midnight, as the clocks on the wall of a time zone show them. */
export interface LocalTime {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly minutes: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

export function localTime(at: Date, timeZone: string): LocalTime {
  const wall = new Date(wallMs(at, timeZone));
  return {
    day: wall.toISOString().slice(0, 10),
    weekday: wall.getUTCDay(),
    minutes: wall.getUTCHours() * 60 + wall.getUTCMinutes(),
  };
}

/** `2026-09-01 22:00`. */
export function clockText(at: Date, timeZone: string): string {
  const { day, minutes } = localTime(at, timeZone);
  return `${day} ${clockOf(minutes)}`;
}

/** `22:00`. */
export function clockOf(minutes: number): string {
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/**
 * The moment when the clocks show this. An hour that a change of clocks leaves out means the moment of the change; of an
 * hour that comes twice the first one is meant.
 */
export function instantOf(day: string, minutes: number, timeZone: string): Date {
  const wanted = Date.parse(`${day}T00:00:00Z`) + minutes * minuteMs;
  // Offsets on either side of any change near by.
  const offsets = [wanted - dayMs, wanted + dayMs].map((ms) => wallMs(new Date(ms), timeZone) - ms);
  const found = offsets
    .map((offset) => wanted - offset)
    .filter((ms) => wallMs(new Date(ms), timeZone) === wanted)
    .toSorted((one, other) => one - other)[0];
  return new Date(found ?? changeBefore(wanted - Math.min(...offsets), timeZone));
}

/** The next day's name, whatever its length. */
export function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

export function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

/** A real day of the calendar: 2026-02-30 is none. */
export function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(ms) && dayAfter(text, 0) === text;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The first moment of the offset that holds at `ms`, which lies less than a day behind its beginning. */
function changeBefore(ms: number, timeZone: string): number {
  const offsetAt = (at: number) => wallMs(new Date(at), timeZone) - at;
  let [before, after] = [ms - dayMs, ms];
  const offset = offsetAt(after);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle) === offset) after = middle;
    else before = middle;
  }
  return after;
}

/** What the wall shows, written as if it were UTC. */
function wallMs(at: Date, timeZone: string): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const seconds = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return seconds + (((at.getTime() % 1000) + 1000) % 1000);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, format);
  return format;
}
