import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { SeriesSets } from '../../../collector/storage/embedded/series-sets.ts';
import type { SeriesInfo } from '../../../collector/telemetry/model.ts';

const CREATE = 'CREATE TABLE series_sets (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, series BLOB NOT NULL)';

function opened(t: { after(fn: () => void): void }) {
  const db = new DatabaseSync(':memory:');
  t.after(() => db.close());
  db.exec(CREATE);
  return db;
}

const series = (name: string): SeriesInfo => ({
  name,
  labels: { job: 'a' },
  kind: 'gauge',
  temporality: 'none',
});

test('the same series are one set, whether they are the same objects or are only written alike', (t) => {
  const db = opened(t);
  const sets = new SeriesSets(db);
  const list = [series('a'), series('b')];
  assert.equal(sets.idOf(list), 1);
  assert.equal(sets.idOf(list), 1);
  assert.equal(sets.idOf([...list]), 1);
  assert.equal(sets.idOf([series('a'), series('b')]), 1);
  assert.equal(sets.idOf([series('b'), series('a')]), 2, 'in another order their positions are others');
  assert.equal(new SeriesSets(db).idOf([series('b'), series('a')]), 2, 'after a restart too');
});

test('a set that was removed is written anew, under an id that no reader has cached', (t) => {
  const db = opened(t);
  const sets = new SeriesSets(db);
  const list = [series('a')];
  assert.equal(sets.idOf(list), 1);
  db.exec('DELETE FROM series_sets');
  assert.equal(sets.idOf(list), 2);
});
