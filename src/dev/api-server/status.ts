/** A field error of validation, as it appears in `details.causes` (apimachinery's field.Error). */
export interface FieldError {
  readonly reason:
    | "FieldValueInvalid"
    | "FieldValueRequired"
    | "FieldValueTypeInvalid"
    | "FieldValueForbidden"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate"
    | "FieldValueTooLong"
    | "FieldValueTooMany";
  /** `spec.ports[0].port` */
  readonly field: string;
  /** Without the field: `Invalid value: 99999: must be between 1 and 65535, inclusive` */
  readonly message: string;
}

/** meta.k8s.io/v1 Status. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly { readonly reason?: string; readonly message: string; readonly field?: string }[];
    readonly retryAfterSeconds?: number;
  };
  readonly code?: number;
}

/** Thrown anywhere below the HTTP handler; the handler answers with the Status. */
export class StatusError extends Error {
  readonly status: Status & { readonly code: number };

  /** A `reason` of "" is none. */
  constructor(code: number, reason: string, message: string, details?: Status["details"]) {
    super(message);
    this.name = "StatusError";
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}
