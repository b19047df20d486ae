package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/limpid-5g/limpid/store"
)

// migrations are the steps of the schema: step i brings a database from version i to i+1. A published step is never
// changed; a change is a new step.
var migrations = []string{subscribersSchema, contextsSchema, accessSchema, sessionSchema, pulseSchema, gpsiSchema, guaranteeSchema}

// subscribersSchema is version 1; the columns are those of the embedded engine.
const subscribersSchema = `
CREATE TABLE provisioning (
	id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	revision BIGINT NOT NULL
);
INSERT INTO provisioning (id, revision) VALUES (1, 0);

CREATE TABLE subscriber (
	supi          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	auth_method   TEXT NOT NULL,
	algorithm     TEXT NOT NULL,
	k             TEXT NOT NULL,
	opc           TEXT NOT NULL,
	amf_field     TEXT NOT NULL,
	sqn_ceiling   BIGINT NOT NULL CHECK (sqn_ceiling BETWEEN 0 AND 281474976710655),
	ambr_uplink   BIGINT NOT NULL CHECK (ambr_uplink > 0),
	ambr_downlink BIGINT NOT NULL CHECK (ambr_downlink > 0),
	revision      BIGINT NOT NULL
);

CREATE TABLE subscriber_slice (
	supi       TEXT COLLATE "C" NOT NULL REFERENCES subscriber (supi) ON DELETE CASCADE,
	sst        BIGINT NOT NULL CHECK (sst BETWEEN 0 AND 255),
	sd         TEXT COLLATE "C" NOT NULL,
	is_default BOOLEAN NOT NULL,
	PRIMARY KEY (supi, sst, sd)
);

CREATE TABLE subscriber_dnn (
	supi            TEXT COLLATE "C" NOT NULL,
	sst             BIGINT NOT NULL,
	sd              TEXT COLLATE "C" NOT NULL,
	dnn             TEXT COLLATE "C" NOT NULL,
	is_default      BOOLEAN NOT NULL,
	session_types   TEXT NOT NULL,
	ssc_modes       TEXT NOT NULL,
	ambr_uplink     BIGINT NOT NULL CHECK (ambr_uplink > 0),
	ambr_downlink   BIGINT NOT NULL CHECK (ambr_downlink > 0),
	five_qi         BIGINT NOT NULL CHECK (five_qi BETWEEN 1 AND 254),
	arp_priority    BIGINT NOT NULL CHECK (arp_priority BETWEEN 1 AND 15),
	arp_may_preempt BOOLEAN NOT NULL,
	arp_preemptable BOOLEAN NOT NULL,
	static_ipv4     TEXT,
	PRIMARY KEY (supi, sst, sd, dnn),
	FOREIGN KEY (supi, sst, sd) REFERENCES subscriber_slice (supi, sst, sd) ON DELETE CASCADE
);

CREATE UNIQUE INDEX subscriber_dnn_static_ipv4 ON subscriber_dnn (dnn, sst, sd, static_ipv4) WHERE static_ipv4 IS NOT NULL;
`

// contextsSchema is version 2. An SEID is the BIGINT with the same 64 bits.
const contextsSchema = `
CREATE TABLE ue_context (
	supi     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	tmsi     BIGINT NOT NULL CHECK (tmsi BETWEEN 1 AND 4294967295),
	old_tmsi BIGINT,
	node     TEXT NOT NULL,
	epoch    BIGINT NOT NULL,
	record   BYTEA NOT NULL
);
CREATE UNIQUE INDEX ue_context_tmsi ON ue_context (tmsi);
CREATE INDEX ue_context_old_tmsi ON ue_context (old_tmsi) WHERE old_tmsi IS NOT NULL;

CREATE TABLE sm_context (
	supi           TEXT COLLATE "C" NOT NULL,
	pdu_session_id BIGINT NOT NULL,
	seid           BIGINT NOT NULL,
	node           TEXT NOT NULL,
	dnn            TEXT NOT NULL,
	upf            TEXT NOT NULL,
	ipv4           TEXT,
	ipv6           TEXT,
	record         BYTEA NOT NULL,
	PRIMARY KEY (supi, pdu_session_id)
);
CREATE UNIQUE INDEX sm_context_ipv4 ON sm_context (dnn, ipv4) WHERE ipv4 IS NOT NULL;
CREATE UNIQUE INDEX sm_context_ipv6 ON sm_context (dnn, ipv6) WHERE ipv6 IS NOT NULL;

CREATE VIEW ip_lease (dnn, address, supi, pdu_session_id, node) AS
	SELECT dnn, ipv4, supi, pdu_session_id, node FROM sm_context WHERE ipv4 IS NOT NULL UNION ALL
	SELECT dnn, ipv6, supi, pdu_session_id, node FROM sm_context WHERE ipv6 IS NOT NULL;

CREATE TABLE core_node (
	node    TEXT NOT NULL PRIMARY KEY,
	life    BIGINT NOT NULL UNIQUE,
	started BIGINT NOT NULL
);
`

// accessSchema is version 3; the columns are those of the embedded engine.
const accessSchema = `
ALTER TABLE subscriber ADD COLUMN barred BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE subscriber ADD COLUMN no_mico BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE subscriber ADD COLUMN registration_timer BIGINT NOT NULL DEFAULT 0 CHECK (registration_timer >= 0);
ALTER TABLE subscriber ADD COLUMN service_area TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN forbidden_tacs TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN forbidden_rats TEXT NOT NULL DEFAULT '';
CREATE INDEX subscriber_revision ON subscriber (revision, supi);

CREATE TABLE subscriber_removed (
	supi     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	revision BIGINT NOT NULL
);
CREATE INDEX subscriber_removed_revision ON subscriber_removed (revision, supi);
`

// sessionSchema is version 4; the columns are those of the embedded engine.
const sessionSchema = `
ALTER TABLE subscriber_dnn ADD COLUMN static_ipv6 TEXT;
ALTER TABLE subscriber_dnn ADD COLUMN framed_routes TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber_dnn ADD COLUMN up_integrity TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber_dnn ADD COLUMN up_confidentiality TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX subscriber_dnn_static_ipv6 ON subscriber_dnn (dnn, sst, sd, static_ipv6) WHERE static_ipv6 IS NOT NULL;
`

// pulseSchema is version 5; the columns are those of the embedded engine.
const pulseSchema = `
ALTER TABLE core_node ADD COLUMN beat BIGINT NOT NULL DEFAULT 0;
ALTER TABLE core_node ADD COLUMN leaving BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE ue_moved (
	node TEXT NOT NULL,
	supi TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (node, supi)
);
`

// gpsiSchema is version 6; the columns are those of the embedded engine.
const gpsiSchema = `
ALTER TABLE subscriber ADD COLUMN gpsi TEXT;
CREATE UNIQUE INDEX subscriber_gpsi ON subscriber (gpsi) WHERE gpsi IS NOT NULL;
ALTER TABLE subscriber_slice ADD COLUMN authenticate BOOLEAN NOT NULL DEFAULT FALSE;
`

// guaranteeSchema is version 7; the columns are those of the embedded engine. Who grants anything holds the row of guarantee_turn.
const guaranteeSchema = `
CREATE TABLE guarantee (
	seid           BIGINT NOT NULL PRIMARY KEY,
	supi           TEXT COLLATE "C" NOT NULL,
	pdu_session_id BIGINT NOT NULL,
	node           TEXT NOT NULL,
	dnn            TEXT NOT NULL,
	sst            BIGINT NOT NULL,
	sd             BIGINT NOT NULL,
	upf            TEXT NOT NULL,
	uplink         BIGINT NOT NULL,
	downlink       BIGINT NOT NULL
);

CREATE TABLE guarantee_turn (
	id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1)
);
INSERT INTO guarantee_turn (id) VALUES (1);
`

const (
	makeVersionSQL = `CREATE TABLE IF NOT EXISTS limpid_schema (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL)`
	firstVersion   = `INSERT INTO limpid_schema (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`
	lockVersionSQL = `SELECT version FROM limpid_schema WHERE id = 1 FOR UPDATE`
	setVersionSQL  = `UPDATE limpid_schema SET version = $1 WHERE id = 1`
)

// migrate brings the schema forward, all steps in one transaction. Of several nodes that start together one does it.
func (s *Store) migrate(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, makeVersionSQL); err != nil && !madeMeanwhile(err) {
		return err
	}
	if _, err := s.pool.Exec(ctx, firstVersion); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var version int
		if err := tx.QueryRow(ctx, lockVersionSQL).Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("%w: it has schema %d, this program knows up to %d: run the newer limpid", store.ErrVersion, version, len(migrations))
		}
		for i, step := range migrations[version:] {
			if _, err := tx.Conn().PgConn().Exec(ctx, step).ReadAll(); err != nil {
				return fmt.Errorf("migration to schema %d: %w", version+i+1, err)
			}
		}
		if version == len(migrations) {
			return nil
		}
		_, err := tx.Exec(ctx, setVersionSQL, len(migrations))
		return err
	})
}

// madeMeanwhile tells that another node made the table between the look and the making.
func madeMeanwhile(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == uniqueViolation || e.Code == duplicateTable || e.Code == duplicateObject)
}
