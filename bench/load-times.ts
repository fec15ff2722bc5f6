import pg from "pg";

/** When the newest load worked on pupils and guardians, in milliseconds of the system's clock. */
export interface LoadTimes {
  /** The last entity before the pupils was settled: from here on all work is theirs. */
  readonly from: number;
  readonly studentsSettled: number;
  /** The last batch of guardians was settled. */
  readonly to: number;
  readonly runStarted: number;
  readonly runEnded: number;
}

const milliseconds = (time: string) => `(extract(epoch FROM ${time}) * 1000)::float8`;

/**
 * Asked of the exchange-db, so that nothing that the processes do before and after counts: from the settling of the last
 * batch of classes, campuses and so on, to that of the last batch of guardians. Planning the pupils' ranges is inside.
 */
export async function loadTimes(exchangeUrl: string): Promise<LoadTimes> {
  const client = new pg.Client({ connectionString: exchangeUrl });
  await client.connect();
  try {
    const found = await client.query<Record<keyof LoadTimes, number>>(
      `SELECT ${milliseconds("max(b.settled_at) FILTER (WHERE entity NOT IN ('student', 'guardian'))")} AS from,
         ${milliseconds("max(b.settled_at) FILTER (WHERE entity = 'student')")} AS "studentsSettled",
         ${milliseconds("max(b.settled_at) FILTER (WHERE entity = 'guardian')")} AS to,
         ${milliseconds("max(r.started_at)")} AS "runStarted", ${milliseconds("max(r.ended_at)")} AS "runEnded"
       FROM exchange.batch b JOIN exchange.run r USING (run_id)
       WHERE r.run_id = (SELECT max(run_id) FROM exchange.run WHERE kind = 'load')`,
    );
    const [times] = found.rows;
    if (times === undefined || Object.values(times).some((time) => time === null))
      throw new RangeError("the load has no settled batches of pupils and guardians");
    return times;
  } finally {
    await client.end();
  }
}
