import { baseName } from './paths.ts';

const names = new Set(
  '.env .envrc .npmrc .netrc _netrc .pgpass .my.cnf .pypirc .git-credentials .dockercfg .htpasswd .vault-token .s3cfg .boto .terraformrc .ssh .aws .kube .gnupg .docker id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk kubeconfig credentials.json credentials.yml credentials.yaml application_default_credentials.json secrets.json secrets.yml secrets.yaml secrets.env secret.json secret.yml secret.yaml password.txt passwords.txt token.txt secret.txt secrets.txt client_secret.json terraform.tfvars terraform.tfstate'.split(
    ' ',
  ),
);
/** What is said of these names by the folder that holds them. */
const inFolders =
  /(?:^|\/)(?:\.docker\/config\.json|\.kube\/config|\.aws\/(?:credentials|config)|\.ssh\/[^/]+|\.gem\/credentials|\.config\/gcloud\/.+|gcloud\/.+\.json|secrets?\/[^/]+\.(?:env|key|pem|json|ya?ml|txt))$/;
const sample =
  /(?:^|[._-])(?:example|sample|template|tmpl|tpl|dist|defaults?|schema|test|testing|ci)(?:$|[._-])/;
const serviceAccount =
  /(?:^|[._-])(?:service[-_]?account|sa[-_]key|gcp[-_]key|gcloud[-_]key|firebase[-_]adminsdk|client_secret)[^/]*\.json$/;
const keyFile = /\.(?:p12|pfx|jks|keystore|ppk|kdbx|asc|pkcs12|p8)$/;
/** Certificates are as public as keys are not, and both end in .pem. */
const certificate =
  /(?:^|[._-])(?:ca|cert|certs|certificate|certificates|chain|fullchain|bundle|ca-bundle|cacert|root|rootca|public|pub|pubkey|crt|trust|intermediate|dhparams?|dh|cosign)(?:$|[._-])|cert\d*\.pem$|\.pub$/;

/** Whether a file is there to be copied and filled in: `.env.example`. */
export function isSample(path: string): boolean {
  return sample.test(baseName(path.toLowerCase()));
}

/** Whether a path names a file (or a folder of files) that is there to hold secrets. */
export function isSecretFile(path: string): boolean {
  const lower = path.toLowerCase().replace(/\/+$/, '');
  const name = baseName(lower);
  if (name.endsWith('.pub') || (name.startsWith('known_hosts') && !name.endsWith('.key'))) return false;
  if (names.has(name) || serviceAccount.test(name) || /^kubeconfig\.(?:ya?ml|json|conf)$/.test(name))
    return !/(?:^|\/)known_hosts$/.test(lower);
  if (/^\.env\.|^\.?[\w-]+\.env$|^\.env[-_]/.test(name)) return !sample.test(name);
  if (inFolders.test(lower)) return !sample.test(name) && !/known_hosts|authorized_keys|\.pub$/.test(name);
  if (keyFile.test(name)) return name.endsWith('.asc') ? /secret|private/.test(name) : true;
  if (name.endsWith('.pem') && /(?:^|\/)certs\//.test(lower) && !/key|priv/.test(name)) return false;
  if (/\.(?:pem|key)$/.test(name)) return name.startsWith('privkey') || !certificate.test(name);
  return false;
}

/** As `isSecretFile`, of what lies somewhere in a context that is copied whole: keys of tests and examples aside. */
export function isSecretInTree(path: string): boolean {
  if (
    /(?:^|\/)(?:testdata|tests?|fixtures?|examples?|samples?|docs?|vendor|node_modules|third_party|\.github)\//i.test(
      path,
    )
  )
    return false;
  const name = baseName(path.toLowerCase());
  if (name === '.npmrc' || name === '.docker' || name === '.aws' || name === '.kube')
    return name === '.npmrc';
  return isSecretFile(path);
}

const dotted = [
  '.env',
  '.env.production',
  '.npmrc',
  '.netrc',
  '.pgpass',
  '.git-credentials',
  'id_rsa',
  'id_ed25519',
];

/** Whether a pattern of names, such as `.env*` or `id_*`, is one of such files. */
export function isSecretPattern(pattern: string): boolean {
  const name = baseName(pattern);
  if (!/[*?]/.test(name) || !/^(?:\.[a-z]|id_)/.test(name)) return false;
  const form = name
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return dotted.some((one) => new RegExp(`^${form}$`).test(one));
}

/** Where credentials are looked for; whatever is copied there holds some, unless it is a sample. */
export function isSecretPlace(destination: string, source: string): boolean {
  const place =
    /(?:^|\/)(?:\.env|\.npmrc|\.netrc|\.pgpass|\.pypirc|\.git-credentials|\.aws\/credentials|\.docker\/config\.json|\.kube\/config|\.ssh\/id_\w+)$/;
  return place.test(destination) && !sample.test(baseName(source.toLowerCase()));
}
