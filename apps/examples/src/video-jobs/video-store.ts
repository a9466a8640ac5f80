import { DatabaseSync } from 'node:sqlite';

export interface Video {
  readonly id: string;
  readonly title: string;
  readonly state: 'queued' | 'encoding' | 'done';
  /** Percent. */
  readonly progress: number;
  /** Times that its encoding came to an end: 1 unless a job was done again. */
  readonly encodings: number;
}

/** What web tier and workers know of the videos: a row each, whoever comes first to make it. */
export interface VideoStore {
  readonly queued: (id: string, title: string) => void;
  readonly encoding: (id: string, title: string, progress: number) => void;
  readonly done: (id: string) => void;
  readonly find: (id: string) => Video | undefined;
  readonly close: () => void;
}

export function openVideoStore(file: string): VideoStore {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS videos (id TEXT PRIMARY KEY, title TEXT NOT NULL,
      state TEXT NOT NULL, progress INTEGER NOT NULL, encodings INTEGER NOT NULL DEFAULT 0)`);
  const queued = database.prepare(
    `INSERT INTO videos (id, title, state, progress) VALUES (?, ?, 'queued', 0) ON CONFLICT DO NOTHING`,
  );
  const encoding = database.prepare(`
    INSERT INTO videos (id, title, state, progress) VALUES (?, ?, 'encoding', ?)
    ON CONFLICT DO UPDATE SET state = 'encoding', progress = excluded.progress WHERE state <> 'done'`);
  const done = database.prepare(
    `UPDATE videos SET state = 'done', progress = 100, encodings = encodings + 1 WHERE id = ?`,
  );
  const find = database.prepare('SELECT * FROM videos WHERE id = ?');
  return {
    queued(id, title) {
      queued.run(id, title);
    },
    encoding(id, title, progress) {
      encoding.run(id, title, progress);
    },
    done(id) {
      done.run(id);
    },
    find: (id) => find.get(id) as unknown as Video | undefined,
    close() {
      database.close();
    },
  };
}
