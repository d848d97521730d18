// Asks Helmet itself what it answers to each of these options, and writes that down: to those that mean the
// same here, and to those that differ on purpose.
// npm install helmet@8 && node record.mjs
import { writeFileSync } from "node:fs";
import helmet from "helmet";

const csp = (options) => ({ contentSecurityPolicy: options });
const directives = (directives) => csp({ directives });

const options = [
  {},
  Object.fromEntries(
    [
      "contentSecurityPolicy", "crossOriginEmbedderPolicy", "crossOriginOpenerPolicy",
      "crossOriginResourcePolicy", "originAgentCluster", "referrerPolicy",
      "strictTransportSecurity", "xContentTypeOptions", "xDnsPrefetchControl", "xDownloadOptions",
      "xFrameOptions", "xPermittedCrossDomainPolicies", "xPoweredBy", "xXssProtection",
    ].map((name) => [name, true]),
  ),
  ...[
    "contentSecurityPolicy", "crossOriginEmbedderPolicy", "crossOriginOpenerPolicy",
    "crossOriginResourcePolicy", "originAgentCluster", "referrerPolicy", "hsts", "noSniff",
    "dnsPrefetchControl", "ieNoOpen", "frameguard", "permittedCrossDomainPolicies",
    "hidePoweredBy", "xssFilter", "strictTransportSecurity", "xContentTypeOptions",
    "xDnsPrefetchControl", "xDownloadOptions", "xFrameOptions", "xPermittedCrossDomainPolicies",
    "xPoweredBy", "xXssProtection",
  ].map((name) => ({ [name]: false })),

  directives({ scriptSrc: ["'self'", "example.com"], objectSrc: ["'none'"], upgradeInsecureRequests: [] }),
  directives({ "script-src": ["'self'", "https://js.example.com"], "style-src": null }),
  directives({ upgradeInsecureRequests: null, imgSrc: "'self' https: data:" }),
  directives({ frameAncestors: ["'none'"], connectSrc: ["'self'", "wss://live.example.com"], sandbox: ["allow-forms", "allow-scripts"] }),
  csp({ useDefaults: false, directives: { defaultSrc: ["'self'"], "script-src-elem": ["'self'", "'unsafe-inline'"] } }),
  csp({ useDefaults: false, directives: { "default-src": "'none'", reportUri: "/csp" } }),
  csp({ reportOnly: true }),
  csp({ reportOnly: true, useDefaults: false, directives: { defaultSrc: ["*"] } }),
  csp({ useDefaults: false }),
  csp({ useDefaults: false, directives: { scriptSrc: ["'self'"] } }),
  directives({ defaultSrc: null }),
  directives({ defaultSrc: ["self"] }),
  directives({ scriptSrc: ["unsafe-inline"] }),
  directives({ scriptSrc: ["nonce-abcdefghijklmnopqrstuv"] }),
  directives({ scriptSrc: ["sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="] }),
  directives({ scriptSrc: ["'self'; object-src *"] }),
  directives({ scriptSrc: ["a.example,b.example"] }),
  directives({ scriptSrc: ["'self'"], "script-src": ["'none'"] }),
  directives({ "": ["'self'"] }),
  directives({ "script_src": ["'self'"] }),

  ...["require-corp", "credentialless", "unsafe-none", "maybe"].map((policy) => ({ crossOriginEmbedderPolicy: { policy } })),
  { crossOriginEmbedderPolicy: {} },
  ...["same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none", "maybe"].map((policy) => ({ crossOriginOpenerPolicy: { policy } })),
  ...["same-origin", "same-site", "cross-origin", "maybe"].map((policy) => ({ crossOriginResourcePolicy: { policy } })),
  ...["no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url", "", "maybe"].map((policy) => ({ referrerPolicy: { policy } })),
  { referrerPolicy: { policy: ["no-referrer", "strict-origin-when-cross-origin", ""] } },
  { referrerPolicy: { policy: [] } },
  { referrerPolicy: { policy: ["origin", "origin"] } },
  { hsts: { maxAge: 123456.9 } },
  { hsts: { maxAge: 0, includeSubDomains: false } },
  { strictTransportSecurity: { maxAge: 63072000, preload: true } },
  { strictTransportSecurity: { maxAge: -1 } },
  { strictTransportSecurity: { includeSubdomains: false } },
  { strictTransportSecurity: { maxage: 1 } },
  { xDnsPrefetchControl: { allow: true } },
  { dnsPrefetchControl: { allow: false } },
  ...["deny", "DENY", "sameorigin", "SAMEORIGIN", "same-origin", "ALLOW-FROM https://example.com"].map((action) => ({ xFrameOptions: { action } })),
  { frameguard: { action: "deny" } },
  ...["none", "master-only", "by-content-type", "all", "maybe"].map((permittedPolicies) => ({ xPermittedCrossDomainPolicies: { permittedPolicies } })),
  { permittedCrossDomainPolicies: { permittedPolicies: "all" } },
  { hsts: false, strictTransportSecurity: false },

  // Null is not what is left out.
  ...["includeSubDomains", "preload", "maxAge"].map((name) => ({ hsts: { [name]: null } })),
  ...["strictTransportSecurity", "xDnsPrefetchControl", "xFrameOptions", "xPermittedCrossDomainPolicies"].map((name) => ({ [name]: null })),
  ...["contentSecurityPolicy", "crossOriginEmbedderPolicy", "crossOriginOpenerPolicy", "crossOriginResourcePolicy", "referrerPolicy"].map((name) => ({ [name]: null })),
  ...["originAgentCluster", "noSniff", "xDownloadOptions", "xPoweredBy", "xssFilter"].map((name) => ({ [name]: null })),
  ...["crossOriginEmbedderPolicy", "crossOriginOpenerPolicy", "crossOriginResourcePolicy", "referrerPolicy"].map((name) => ({ [name]: { policy: null } })),
  { xDnsPrefetchControl: { allow: null } },
  { xFrameOptions: { action: null } },
  { xPermittedCrossDomainPolicies: { permittedPolicies: null } },
  csp({ useDefaults: null, directives: { defaultSrc: ["'self'"] } }),
  csp({ useDefaults: null }),
  csp({ reportOnly: null }),
  csp({ directives: null }),

  { hsts: { maxAge: 5.9999999999 } },
  { hsts: { maxAge: 9007199254740991 } },
  { hsts: { maxAge: "5" } },
  { crossOriginEmbedderPolicy: { policy: "Require-Corp" } },
  { referrerPolicy: { policy: "origin unsafe-url" } },
  { referrerPolicy: { policy: "ORIGIN" } },
  { xFrameOptions: { action: "Same-Origin" } },
  directives({ scriptSrc: ["'self'", "'report-sha256'", "'report-sha384'", "'report-sha512'"] }),
  directives({ fencedFrameSrc: ["'self'", "https:"] }),
];

// By the rows of the migration page.
const differences = {
  "a keyword in another case, more than one space": [
    directives({ scriptSrc: ["'SELF'"] }),
    directives({ scriptSrc: "'self'  https:" }),
  ],
  "the source `'nonce'`": [directives({ scriptSrc: ["'nonce'"] })],
  "an unquoted keyword in another case, or beside other words in a string": [
    directives({ scriptSrc: ["SELF"] }),
    directives({ scriptSrc: "self https:" }),
  ],
  "an unknown directive": [directives({ fooSrc: ["'self'"] }), directives({ fooSrc: null })],
  "`block-all-mixed-content`, `prefetch-src` and others that browsers have removed": [
    directives({ blockAllMixedContent: [] }),
    directives({ prefetchSrc: ["'self'"] }),
  ],
  "a source that is invalid in CSP Level 3: `//host`, an IPv6 address, a host with `_`, an unknown keyword": [
    directives({ imgSrc: ["//cdn.example.com"] }),
    directives({ imgSrc: ["[::1]"] }),
    directives({ imgSrc: ["http://[::1]:8080"] }),
    directives({ imgSrc: ["my_host.example"] }),
    directives({ imgSrc: ["example.com?a=1"] }),
    directives({ imgSrc: ["https://user@example.com"] }),
    directives({ imgSrc: ["'foo'"] }),
    directives({ imgSrc: ["ex\u00e4mple.com"] }),
  ],
  "two words in one element of a list": [directives({ imgSrc: ["'self' https:"] }), directives({ imgSrc: [" 'self'"] })],
  "an empty string, as in `sandbox: \"\"`": [
    directives({ sandbox: "" }),
    directives({ sandbox: [""] }),
    directives({ imgSrc: "" }),
  ],
  "a source or a keyword that has no meaning in its directive": [
    directives({ imgSrc: ["'unsafe-inline'"] }),
    directives({ styleSrc: ["'strict-dynamic'"] }),
    directives({ sandbox: ["allow-everything"] }),
    directives({ upgradeInsecureRequests: ["'self'"] }),
    directives({ webrtc: ["'allow'", "'block'"] }),
  ],
  "a duplicate source": [directives({ imgSrc: ["'self'", "'self'"] })],
  "an empty list of sources": [directives({ imgSrc: [] })],
  "`'none'` beside other sources": [directives({ imgSrc: ["'none'", "https:"] })],
  "`'strict-dynamic'` without a nonce or a hash": [directives({ scriptSrc: ["'strict-dynamic'"] })],
  "a hash of the wrong length, a nonce of less than 128 bits": [
    directives({ scriptSrc: ["'sha256-abc'"] }),
    directives({ scriptSrc: ["'nonce-abc'"] }),
  ],
  "a nonce that is the same in every response": [directives({ scriptSrc: ["'nonce-abcdefghijklmnopqrstuv'"] })],
  "`reportTo` without such an endpoint in `reportingEndpoints`": [directives({ reportTo: "csp" })],
  "`false` for a directive": [directives({ styleSrc: false })],
  "`null` for a header under its shorter name, such as `hsts: null`": [
    { hsts: null },
    { dnsPrefetchControl: null },
    { frameguard: null },
    { permittedCrossDomainPolicies: null },
  ],
  "`preload` with a `maxAge` of less than a year, or without subdomains": [
    { hsts: { maxAge: 5, preload: true } },
    { hsts: { includeSubDomains: false, preload: true } },
  ],
  "a `maxAge` of more than 2^53 - 1": [{ hsts: { maxAge: 9007199254740992 } }, { hsts: { maxAge: 1e21 } }],
  "a truthy or falsy value in place of `true`, `false` or an object: `\"no\"`, `0`, `[]`": [
    { hsts: { includeSubDomains: "no" } },
    { hsts: { preload: 1 } },
    { xDnsPrefetchControl: { allow: 0 } },
    { xDownloadOptions: "no" },
    { originAgentCluster: {} },
    { xFrameOptions: 0 },
    { contentSecurityPolicy: "yes" },
    csp({ reportOnly: "no" }),
    csp({ useDefaults: 0, directives: { defaultSrc: ["'self'"] } }),
    csp({ directives: [] }),
  ],
  "an element of a list that is not a string": [directives({ imgSrc: [5] }), directives({ imgSrc: [null] })],
  "an unknown or misspelled key": [
    { expectCt: true },
    { contentSecurityPolice: false },
    csp({ reportonly: true }),
    { crossOriginResourcePolicy: { polici: "same-site" } },
  ],
  "a key spelled like the header, such as `x-frame-options`": [
    { "x-frame-options": false },
    { hsts: { "max-age": 5 } },
  ],
};

const answer = (options) => {
  const headers = [];
  const response = {
    setHeader: (name, value) => headers.push([name.toLowerCase(), value]),
    removeHeader: () => {},
  };
  try {
    helmet(options)({}, response, (error) => {
      if (error) throw error;
    });
  } catch {
    return { options, headers: null };
  }
  return { options, headers };
};

const write = (name, cases) => {
  const lines = cases.map((one) => JSON.stringify(one));
  writeFileSync(new URL(name, import.meta.url), `[\n${lines.join(",\n")}\n]\n`);
};
console.warn = () => {};
write("answers.json", options.map(answer));
write(
  "differences.json",
  Object.entries(differences).flatMap(([difference, all]) => all.map((one) => ({ difference, ...answer(one) }))),
);
