// What the webhook for Harbor does with what is pushed, against the stand-in that knows Harbor's API document.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Reason } from '../../images/index.ts';
import { basic } from '../../scaffold/src/registry/credentials.ts';
import { createHarborClient } from '../../scaffold/src/registry/harbor-client.ts';
import { createHarborHook, type Outcome } from '../../scaffold/src/registry/harbor-hook.ts';
import { createQuarantine } from '../../scaffold/src/registry/harbor-quarantine.ts';
import { pushEvent } from '../helpers/admission.ts';
import { fakeProject, harborPassword, harborUser, startHarbor } from '../helpers/harbor.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const secret = 'Secret-of-the-webhook';

/** A hook whose verdict and clock the test sets. */
async function makeHook(t: TestContext, onFailure: 'label' | 'delete' = 'label') {
  const harbor = await startHarbor(t, [fakeProject(7, 'acme', -1)]);
  const world = {
    reason: 'unsigned' as Reason,
    outcomes: [] as Outcome[],
    due: [] as (() => void)[],
    harbor,
  };
  const credentials = basic(harborUser, harborPassword);
  const client = createHarborClient({
    base: `${harbor.url}/api/v2.0`,
    credentials,
    fetch,
    wait: async () => undefined,
  });
  const settled: ((outcome: Outcome) => void)[] = [];
  const hook = createHarborHook({
    secret,
    quarantine: createQuarantine(client, 'quarantine'),
    onFailure,
    graceMs: 120_000,
    failOpen: false,
    verify: async (image) => ({ image, digest, reason: world.reason, detail: '', cached: false }),
    told: (outcome) => {
      world.outcomes.push(outcome);
      settled.shift()?.(outcome);
    },
    broke: (error) => assert.fail(String(error)),
    later: (work, ms) => {
      assert.equal(ms, 120_000);
      world.due.push(work);
      return () => undefined;
    },
  });
  /** Lets the grace pass. */
  const pass = () =>
    new Promise<Outcome>((resolve) => {
      settled.push(resolve);
      world.due.shift()?.();
    });
  const push = () => hook.handle(secret, pushEvent('harbor.example.com', 'acme/team/shop', digest));
  const labels = () => harbor.labelled.get(`acme/team/shop@${digest}`)?.size ?? 0;
  return { hook, world, harbor, pass, push, labels };
}

test('labels at once and takes the label off when the image is signed within the grace', async (t) => {
  const { world, harbor, pass, push, labels } = await makeHook(t, 'delete');
  assert.equal((await push()).status, 200);
  assert.deepEqual([labels(), harbor.labels[0]?.project_id, harbor.labels[0]?.scope], [1, 7, 'p']);
  world.reason = 'signed';
  assert.equal((await pass()).done, 'released');
  assert.deepEqual([labels(), harbor.deletedTags, harbor.problems], [0, [], []]);
});

test('deletes the tag after the grace only where that was asked for', async (t) => {
  const labelling = await makeHook(t);
  await labelling.push();
  assert.equal((await labelling.pass()).done, 'labelled');
  assert.deepEqual(labelling.harbor.deletedTags, []);
  const deleting = await makeHook(t, 'delete');
  await deleting.push();
  assert.deepEqual(deleting.harbor.deletedTags, []);
  assert.equal((await deleting.pass()).done, 'deleted');
  assert.deepEqual(deleting.harbor.deletedTags, [`acme/team/shop@${digest}:1`]);
  assert.deepEqual(deleting.harbor.problems, []);
});

test('labels what it could not judge, and never deletes that', async (t) => {
  const { world, harbor, pass, push, labels } = await makeHook(t, 'delete');
  world.reason = 'registry-unreachable';
  await push();
  assert.equal((await pass()).done, 'labelled');
  assert.deepEqual([labels(), harbor.deletedTags], [1, []]);
});

test('looks again once for an image, however often it is pushed', async (t) => {
  const { hook, world, push } = await makeHook(t);
  await push();
  await push();
  assert.deepEqual([world.due.length, hook.stop()], [1, 1]);
});

test('asks Harbor to post again when the label could not be put on, and says why', async (t) => {
  const { world, harbor, push } = await makeHook(t);
  harbor.fail = (operation) => (operation === 'addLabel' ? 403 : undefined);
  assert.equal((await push()).status, 503);
  assert.match(world.outcomes[0]!.problem, /POST .*\/labels: Harbor answers 403/);
  assert.ok(!world.outcomes[0]!.problem.includes(Buffer.from(harborPassword).toString('base64')));
});

test('refuses who does not know the secret, and what is no event of Harbor', async (t) => {
  const { hook, world } = await makeHook(t);
  const event = pushEvent('harbor.example.com', 'acme/shop', digest);
  for (const given of [undefined, '', `${secret}x`, secret.slice(1)]) {
    assert.equal((await hook.handle(given, event)).status, 401);
  }
  for (const body of [
    undefined,
    [],
    {},
    { type: 'PUSH_ARTIFACT' },
    pushEvent('h', 'acme/shop', 'sha256:short'),
  ]) {
    assert.equal((await hook.handle(secret, body)).status, 400, JSON.stringify(body));
  }
  assert.equal(world.outcomes.length, 0);
});
