-- The demo site's tables. Run once, on an empty database, as the application's role.
CREATE TABLE items (
    id bigserial PRIMARY KEY,
    token text NOT NULL UNIQUE,
    title text NOT NULL,
    file text,
    size bigint,
    sha256 text,
    written_on text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE history (
    id bigserial PRIMARY KEY,
    item_id bigint NOT NULL REFERENCES items (id),
    action text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- Counting a million rows for every visitor would be the visitors' loss.
CREATE TABLE totals (
    items bigint NOT NULL
);

INSERT INTO totals VALUES (0);
