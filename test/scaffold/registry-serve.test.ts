// `go-sre registry serve` as a process, with the real cosign, a real registry and the stand-in for Harbor.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ask, certificateOf, pod, pushEvent, review, type Serving, serve } from '../helpers/admission.ts';
import { fakeProject, harborPassword, harborUser, startHarbor } from '../helpers/harbor.ts';
import { type ImageRegistry, type PushedImage, startImageRegistry } from '../helpers/image-registry.ts';
import { freePort } from '../helpers/ports.ts';
import { until } from '../helpers/until.ts';

const tls = join(import.meta.dirname, 'testdata/tls');

test('with cosign and a registry', async (t) => {
  const registry = await startImageRegistry(t);
  if (registry === undefined) return;
  const { host, folder, cosign } = registry;
  const [ours, theirs] = [registry.key('ours'), registry.key('theirs')];
  const [signed, unsigned] = [await registry.push('acme/signed'), await registry.push('acme/unsigned')];
  registry.sign(signed, ours);
  const silent = await silentServer(t);
  const key = { key: ours.public, transparencyLog: false };
  const policies = [
    { images: ['**'], namespaces: ['kube-system'], exempt: 'runs before this server' },
    { images: [`${host}/acme/signed`], namespaces: ['theirs'], key: theirs.public, transparencyLog: false },
    { images: [`${host}/acme/**`], namespaces: ['pinned'], requireDigest: true, ...key },
    { images: [`${host}/acme/**`, `${silent}/**`, '127.0.0.1:1/**'], ...key },
  ];
  const server = await serve(t, folder, { cosign, policies });
  const asks = (object: unknown, more: Record<string, unknown> = {}) => ask(server, review(object, more));

  await t.test('lets in a Pod whose images are all signed, and names the one that is not', async () => {
    const uid = '705ab4f5-6393-11e8-b7cc-42010a800002';
    assert.deepEqual(await asks(pod(signed.tag, signed.byDigest)), {
      status: 200,
      uid,
      allowed: true,
      message: '',
      warnings: [],
    });
    const mixed = await asks(pod(signed.tag, unsigned.tag));
    assert.deepEqual([mixed.allowed, mixed.uid], [false, uid]);
    assert.match(mixed.message, /^\S+acme\/unsigned:1: unsigned: it has no signature .*Sign its digest/);
    assert.ok(!mixed.message.includes('acme/signed'));
  });

  await t.test('finds the images of every kind that runs pods', async () => {
    const bad = { image: unsigned.tag };
    const template = { template: { spec: { containers: [bad] } } };
    const kinds: [string, string, unknown][] = [
      ['', 'Pod', { spec: { containers: [], initContainers: [bad] } }],
      ['', 'Pod', { spec: { containers: [], ephemeralContainers: [bad] } }],
      ['', 'Pod', { spec: { containers: [], volumes: [{ image: { reference: unsigned.tag } }] } }],
      ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind): [string, string, unknown] => [
        'apps',
        kind,
        { spec: template },
      ]),
      ['batch', 'Job', { spec: template }],
      ['batch', 'CronJob', { spec: { jobTemplate: { spec: template } } }],
    ];
    for (const [group, kind, object] of kinds) {
      const { allowed, message } = await asks(object, { kind: { group, version: 'v1', kind } });
      assert.deepEqual([allowed, /unsigned/.test(message)], [false, true], kind);
    }
  });

  await t.test('refuses each with its reason, closed on errors', async () => {
    const down = `127.0.0.1:${await freePort()}`;
    const cases: [string, string, string?][] = [
      [signed.tag, 'wrong-signer', 'theirs'],
      [signed.tag, 'not-by-digest', 'pinned'],
      [`${host}/acme/missing:1`, 'image-not-found'],
      ['127.0.0.1:1/a:1', 'registry-unreachable'],
      [`${down}/a:1`, 'no-policy'],
      ['UPPER CASE', 'bad-reference'],
    ];
    for (const [image, reason, namespace = 'default'] of cases) {
      const { allowed, message } = await asks(pod(image), { namespace });
      assert.equal(allowed, false, image);
      assert.ok(message.startsWith(`${image}: ${reason}: `), message);
    }
  });

  await t.test('answers in the time that Kubernetes waits though the registry does not', async () => {
    const start = performance.now();
    const { allowed, message } = await ask(server, review(pod(`${silent}/a:1`)), '?timeout=1s');
    assert.deepEqual([allowed, /: timeout: /.test(message)], [false, true], message);
    assert.ok(performance.now() - start < 5000);
  });

  await t.test('exempts what the table exempts, and checks of an update only what is new', async () => {
    assert.equal((await asks(pod('quay.io/any:1'), { namespace: 'kube-system' })).allowed, true);
    const update = { operation: 'UPDATE', oldObject: pod(unsigned.tag) };
    assert.equal((await asks(pod(unsigned.tag), update)).allowed, true);
    assert.equal((await asks(pod(unsigned.tag, `${host}/acme/missing:1`), update)).allowed, false);
    assert.equal((await asks(null, { operation: 'DELETE', oldObject: pod(unsigned.tag) })).allowed, true);
  });

  await t.test('refuses in due form what it cannot read', async () => {
    const uid = '705ab4f5-6393-11e8-b7cc-42010a800002';
    const kinds = await asks({}, { kind: { group: 'argoproj.io', version: 'v1', kind: 'Workflow' } });
    assert.deepEqual([kinds.allowed, kinds.uid], [false, uid]);
    assert.match(kinds.message, /argoproj\.io\/Workflow is no kind that is known/);
    const empty = await asks({ spec: { containers: [{ name: 'a' }] } });
    assert.match(empty.message, /spec\.containers\[0\]\.image is missing/);
    const old = await ask(server, { ...review(pod('a')), apiVersion: 'admission.k8s.io/v1beta1' });
    assert.match(old.message, /apiVersion is "admission\.k8s\.io\/v1beta1"/);
    for (const [body, status] of [
      ['{', 400],
      ['[]', 400],
      ['{"kind":"AdmissionReview"}', 400],
    ] as const) {
      assert.equal((await ask(server, body)).status, status);
    }
    assert.equal(await statusOfLarge(server), 413);
    const many = await asks(pod(...Array.from({ length: 101 }, (_, i) => `${host}/acme/a:${i}`)));
    assert.match(many.message, /101 images, at most 100/);
  });

  await t.test('writes a line for each verdict, and remembers verdicts by digest', async () => {
    await asks(pod(signed.byDigest));
    // The answer may be here before the line is read from the server's output.
    const last = await until("the verdict's line", 10_000, async () =>
      server.audit().findLast(({ image, cached }) => image === signed.byDigest && cached === true),
    );
    const lines = server.audit();
    assert.deepEqual(
      [
        last.source,
        last.user,
        last.namespace,
        last.kind,
        last.image,
        last.path,
        last.digest,
        last.verdict,
        last.reason,
        last.cached,
      ],
      [
        'kubernetes',
        'ann',
        'default',
        'Pod',
        signed.byDigest,
        'spec.containers[0].image',
        signed.digest,
        'admitted',
        'signed',
        true,
      ],
    );
    assert.ok(!Number.isNaN(Date.parse(String(last.time))) && typeof last.durationMs === 'number');
    assert.ok(lines.some(({ reason, verdict }) => reason === 'unsigned' && verdict === 'refused'));
    assert.ok(lines.some(({ reason }) => reason === 'bad-request'));
  });

  await t.test('tells how it goes', async () => {
    for (const path of ['healthz', 'readyz'])
      assert.equal((await fetch(`${server.url}/${path}`)).status, 200);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /admission_images_total\{reason="unsigned",cached="(?:true|false)"\} \d/);
    assert.match(
      metrics,
      /admission_request_duration_seconds_count\{source="kubernetes",allowed="true"\} \d/,
    );
  });

  await t.test(
    'lets in what cannot be judged where flags say so, with a warning, and still refuses the rest',
    async (inner) => {
      const flags = [
        '--images',
        '**',
        '--key',
        ours.public,
        '--no-transparency-log',
        '--cosign',
        cosign,
        '--fail-open',
      ];
      const open = await serve(inner, folder, [...flags, '--listen', '127.0.0.1:0']);
      const { allowed, warnings } = await ask(open, review(pod('127.0.0.1:1/a:1')));
      assert.deepEqual([allowed, warnings.length], [true, 1]);
      assert.match(warnings[0]!, /^let in unjudged: 127\.0\.0\.1:1\/a:1: registry-unreachable/);
      assert.equal((await ask(open, review(pod(unsigned.tag)))).allowed, false);
      await until("the verdict's line", 10_000, async () =>
        open
          .audit()
          .find(({ verdict, reason }) => verdict === 'admitted' && reason === 'registry-unreachable'),
      );
    },
  );

  await t.test('answers what is under way before it ends', async () => {
    const asking = ask(server, review(pod(`${silent}/b:1`)), '?timeout=2s');
    const count = async () =>
      /verifications_running (\d)/.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1] === '1'
        ? true
        : undefined;
    await until('it is verifying', 5000, count);
    const ended = server.end();
    assert.equal((await asking).allowed, false);
    assert.equal(await ended, 0, server.said());
    assert.match(server.said(), /It ended\./);
  });

  await t.test('serves TLS and takes a renewed certificate on SIGHUP, a broken one not', async (inner) => {
    const [cert, certKey] = [join(folder, 'tls.pem'), join(folder, 'tls.key')];
    const install = (name: string) => {
      copyFileSync(join(tls, `${name}.pem`), cert);
      copyFileSync(join(tls, `${name}.key`), certKey);
    };
    install('one');
    const secure = await serve(inner, folder, { cosign, policies, tls: { cert, key: certKey } });
    assert.equal(await certificateOf(secure.url), 'one.test');
    copyFileSync(join(tls, 'two.pem'), cert);
    secure.process.kill('SIGHUP');
    await until('it refuses a pair that does not match', 5000, async () =>
      /cannot be used/.test(secure.said()) ? true : undefined,
    );
    assert.equal(await certificateOf(secure.url), 'one.test');
    install('two');
    secure.process.kill('SIGHUP');
    await until('it shows the new one', 5000, async () =>
      (await certificateOf(secure.url)) === 'two.test' ? true : undefined,
    );
  });

  await t.test(
    'labels what is pushed to Harbor unsigned, and takes the label off once it is signed',
    async (inner) => {
      const { post, harbor, hook } = await withHarbor(inner, registry, policies, { grace: '10m' });
      const late = await registry.push('acme/team/late');
      const artifact = `acme/team/late@${late.digest}`;
      assert.equal((await post(pushEvent(host, 'acme/team/late', late.digest), 'Bearer wrong')).status, 401);
      const { status, body } = await post(pushEvent(host, 'acme/team/late', late.digest));
      assert.deepEqual(
        [status, body.artifacts[0]?.reason, body.artifacts[0]?.done],
        [200, 'unsigned', 'labelled'],
      );
      assert.deepEqual([harbor.labels[0]?.name, harbor.labelled.get(artifact)?.size], ['quarantine', 1]);
      registry.sign(late, ours, { oldFormat: true });
      const again = await post(cloudEvent(host, late));
      assert.deepEqual([again.status, again.body.artifacts[0]?.reason], [200, 'signed']);
      assert.equal(harbor.labelled.get(artifact)?.size, 0);
      assert.equal(
        (await post(pushEvent(host, 'acme/team/late', late.digest, `${late.digest.replace(':', '-')}.sig`)))
          .body.artifacts.length,
        0,
      );
      assert.deepEqual((await post({ type: 'PULL_ARTIFACT' })).body, { ignored: 'PULL_ARTIFACT' });
      assert.equal((await post({ type: 'PUSH_ARTIFACT' })).status, 400);
      await until("the push's line", 10_000, async () =>
        hook.audit().find(({ source, reason }) => source === 'harbor' && reason === 'signed'),
      );
      assert.ok(
        !JSON.stringify(hook.audit()).includes(harborPassword) && !hook.said().includes(harborPassword),
      );
      assert.deepEqual([harbor.deletedTags, harbor.problems], [[], []]);
    },
  );
});

/** The status of a request that announces a body beyond the limit, and sends none. */
function statusOfLarge({ url }: Serving): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json', 'content-length': 5_000_000 };
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/validate`, { method: 'POST', headers }, (answer) => {
      answer.resume();
      asking.destroy();
      resolve(answer.statusCode);
    });
    asking.on('error', reject).flushHeaders();
  });
}

/** The same push as a CloudEvent. */
function cloudEvent(host: string, image: PushedImage): Record<string, unknown> {
  const { event_data, operator } = pushEvent(host, 'acme/team/late', image.digest);
  return {
    specversion: '1.0',
    id: '1',
    source: '/projects/1/webhook/policies/1',
    type: 'harbor.artifact.pushed',
    operator,
    data: event_data,
  };
}

type HookBody = { artifacts: { reason: string; done: string }[]; ignored?: string };

/** A server that Harbor's webhook posts to. */
async function withHarbor(
  t: TestContext,
  registry: ImageRegistry,
  policies: unknown,
  settings: Record<string, string>,
) {
  const harbor = await startHarbor(t, [fakeProject(1, 'acme', -1)]);
  const secret = 'Secret-of-the-webhook';
  const env = { HARBOR_USERNAME: harborUser, HARBOR_PASSWORD: harborPassword, HARBOR_WEBHOOK_SECRET: secret };
  const config = {
    cosign: registry.cosign,
    policies,
    cache: { refused: '1ms' },
    harbor: { url: harbor.url, ...settings },
  };
  const hook: Serving = await serve(t, registry.folder, config, env);
  const post = async (event: unknown, authorization = secret) => {
    const headers = { 'content-type': 'application/json', authorization };
    const answer = await fetch(`${hook.url}/harbor`, {
      method: 'POST',
      headers,
      body: JSON.stringify(event),
    });
    return { status: answer.status, body: (await answer.json()) as HookBody };
  };
  return { harbor, hook, post };
}

/** A registry that takes connections and answers nothing; its HOST:PORT. */
async function silentServer(t: TestContext): Promise<string> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
