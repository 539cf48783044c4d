CREATE TABLE inbox (
    message_id  uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE mails (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id        uuid NOT NULL,
    kind            text NOT NULL,
    request_key     text NOT NULL,
    event           jsonb NOT NULL,
    status          text NOT NULL DEFAULT 'queued',
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claimed_until   timestamptz NOT NULL DEFAULT '-infinity',
    traceparent     text,
    UNIQUE (order_id, kind, request_key)
);

CREATE INDEX mails_due ON mails (next_attempt_at) WHERE status = 'queued';
