/** Set by the build from package.json. */
declare const METALLB_VERSION: string | undefined;

/** Version of this build; "development" when run from source. */
export const VERSION: string = typeof METALLB_VERSION === "undefined" ? "development" : METALLB_VERSION;
