// Asks Helmet itself what it answers to each of these options, and writes that down.
// npm install helmet@8 && node record.mjs > answers.json
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
];

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

const lines = options.map((option) => JSON.stringify(answer(option)));
console.log(`[\n${lines.join(",\n")}\n]`);
