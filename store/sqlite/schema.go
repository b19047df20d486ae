package sqlite

// migrations are the steps of the schema: step i brings a file from version i to i+1. A published step is never
// changed; a change is a new step.
var migrations = []string{subscribersSchema, contextsSchema, accessSchema, sessionSchema, pulseSchema, gpsiSchema, lifeSchema, guaranteeSchema, redoSchema}

// subscribersSchema is version 1. Keys are hexadecimal, bit rates in bit/s, sd is six hexadecimal digits or empty,
// session_types and ssc_modes are separated by commas with the default first, TS 29.505 §5.2.
const subscribersSchema = `
-- The number of the last change of subscriber data: a change takes the next.
CREATE TABLE provisioning (
	id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	revision INTEGER NOT NULL
) STRICT;
INSERT INTO provisioning (id, revision) VALUES (1, 0);

CREATE TABLE subscriber (
	supi          TEXT NOT NULL PRIMARY KEY,
	auth_method   TEXT NOT NULL,
	algorithm     TEXT NOT NULL,
	k             TEXT NOT NULL,
	opc           TEXT NOT NULL,
	amf_field     TEXT NOT NULL,
	sqn_ceiling   INTEGER NOT NULL CHECK (sqn_ceiling BETWEEN 0 AND 281474976710655),
	ambr_uplink   INTEGER NOT NULL CHECK (ambr_uplink > 0),
	ambr_downlink INTEGER NOT NULL CHECK (ambr_downlink > 0),
	revision      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriber_slice (
	supi       TEXT NOT NULL REFERENCES subscriber (supi) ON DELETE CASCADE,
	sst        INTEGER NOT NULL CHECK (sst BETWEEN 0 AND 255),
	sd         TEXT NOT NULL,
	is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
	PRIMARY KEY (supi, sst, sd)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriber_dnn (
	supi            TEXT NOT NULL,
	sst             INTEGER NOT NULL,
	sd              TEXT NOT NULL,
	dnn             TEXT NOT NULL,
	is_default      INTEGER NOT NULL CHECK (is_default IN (0, 1)),
	session_types   TEXT NOT NULL,
	ssc_modes       TEXT NOT NULL,
	ambr_uplink     INTEGER NOT NULL CHECK (ambr_uplink > 0),
	ambr_downlink   INTEGER NOT NULL CHECK (ambr_downlink > 0),
	five_qi         INTEGER NOT NULL CHECK (five_qi BETWEEN 1 AND 254),
	arp_priority    INTEGER NOT NULL CHECK (arp_priority BETWEEN 1 AND 15),
	arp_may_preempt INTEGER NOT NULL CHECK (arp_may_preempt IN (0, 1)),
	arp_preemptable INTEGER NOT NULL CHECK (arp_preemptable IN (0, 1)),
	static_ipv4     TEXT,
	PRIMARY KEY (supi, sst, sd, dnn),
	FOREIGN KEY (supi, sst, sd) REFERENCES subscriber_slice (supi, sst, sd) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX subscriber_dnn_static_ipv4 ON subscriber_dnn (dnn, sst, sd, static_ipv4) WHERE static_ipv4 IS NOT NULL;
`

// contextsSchema is version 2: UEs and sessions while they last. What a record holds package record tells; ip_lease shows
// who has which address.
const contextsSchema = `
CREATE TABLE ue_context (
	supi     TEXT NOT NULL PRIMARY KEY,
	tmsi     INTEGER NOT NULL UNIQUE CHECK (tmsi BETWEEN 1 AND 4294967295),
	old_tmsi INTEGER,
	node     TEXT NOT NULL,
	epoch    INTEGER NOT NULL,
	record   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ue_context_old_tmsi ON ue_context (old_tmsi) WHERE old_tmsi IS NOT NULL;

CREATE TABLE sm_context (
	supi           TEXT NOT NULL,
	pdu_session_id INTEGER NOT NULL,
	seid           INTEGER NOT NULL,
	node           TEXT NOT NULL,
	dnn            TEXT NOT NULL,
	upf            TEXT NOT NULL,
	ipv4           TEXT,
	ipv6           TEXT,
	record         BLOB NOT NULL,
	PRIMARY KEY (supi, pdu_session_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sm_context_ipv4 ON sm_context (dnn, ipv4) WHERE ipv4 IS NOT NULL;
CREATE UNIQUE INDEX sm_context_ipv6 ON sm_context (dnn, ipv6) WHERE ipv6 IS NOT NULL;

CREATE VIEW ip_lease (dnn, address, supi, pdu_session_id, node) AS
	SELECT dnn, ipv4, supi, pdu_session_id, node FROM sm_context WHERE ipv4 IS NOT NULL UNION ALL
	SELECT dnn, ipv6, supi, pdu_session_id, node FROM sm_context WHERE ipv6 IS NOT NULL;

-- The nodes of the AMF set. life numbers the starts of all nodes; started is in seconds since 1970.
CREATE TABLE core_node (
	node    TEXT NOT NULL PRIMARY KEY,
	life    INTEGER NOT NULL UNIQUE,
	started INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// accessSchema is version 3: where and how a subscriber may use the network, and the feed of changes. registration_timer is
// in seconds, 0 for the operator's; service_area is empty, or "allowed" or "not-allowed", a space and tracking area codes;
// lists are separated by commas and ascending.
const accessSchema = `
ALTER TABLE subscriber ADD COLUMN barred INTEGER NOT NULL DEFAULT 0 CHECK (barred IN (0, 1));
ALTER TABLE subscriber ADD COLUMN no_mico INTEGER NOT NULL DEFAULT 0 CHECK (no_mico IN (0, 1));
ALTER TABLE subscriber ADD COLUMN registration_timer INTEGER NOT NULL DEFAULT 0 CHECK (registration_timer >= 0);
ALTER TABLE subscriber ADD COLUMN service_area TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN forbidden_tacs TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN forbidden_rats TEXT NOT NULL DEFAULT '';
CREATE INDEX subscriber_revision ON subscriber (revision, supi);

-- Who was removed, and under which revision, so that a running core hears of it.
CREATE TABLE subscriber_removed (
	supi     TEXT NOT NULL PRIMARY KEY,
	revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriber_removed_revision ON subscriber_removed (revision, supi);
`

// sessionSchema is version 4: what few subscribers have of a data network. static_ipv6 is a /64; framed_routes are prefixes
// with commas between; up_integrity and up_confidentiality are empty, REQUIRED, PREFERRED or NOT_NEEDED.
const sessionSchema = `
ALTER TABLE subscriber_dnn ADD COLUMN static_ipv6 TEXT;
ALTER TABLE subscriber_dnn ADD COLUMN framed_routes TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber_dnn ADD COLUMN up_integrity TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber_dnn ADD COLUMN up_confidentiality TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX subscriber_dnn_static_ipv6 ON subscriber_dnn (dnn, sst, sd, static_ipv6) WHERE static_ipv6 IS NOT NULL;
`

// pulseSchema is version 5: which nodes live, and whom they were relieved of.
const pulseSchema = `
ALTER TABLE core_node ADD COLUMN beat INTEGER NOT NULL DEFAULT 0;
ALTER TABLE core_node ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0 CHECK (leaving IN (0, 1));

-- The UEs that another node has taken from a node, until that node has heard of it.
CREATE TABLE ue_moved (
	node TEXT NOT NULL,
	supi TEXT NOT NULL,
	PRIMARY KEY (node, supi)
) STRICT, WITHOUT ROWID;
`

// gpsiSchema is version 6: by which a subscriber is known outside, and which slices authenticate it.
const gpsiSchema = `
ALTER TABLE subscriber ADD COLUMN gpsi TEXT;
CREATE UNIQUE INDEX subscriber_gpsi ON subscriber (gpsi) WHERE gpsi IS NOT NULL;
ALTER TABLE subscriber_slice ADD COLUMN authenticate INTEGER NOT NULL DEFAULT 0 CHECK (authenticate IN (0, 1));
`

// lifeSchema is version 7: in which life of a node the ceiling of sequence numbers was written; each life after it has used
// at most store.SQNsOfLife more, for which nothing is written.
const lifeSchema = `
ALTER TABLE subscriber ADD COLUMN sqn_life INTEGER NOT NULL DEFAULT 0;
UPDATE subscriber SET sqn_life = (SELECT coalesce(max(life), 0) FROM core_node);
`

// guaranteeSchema is version 8: what sessions hold of the guaranteed bit rates that nodes share, bit/s. A node that shares its
// store with nobody counts in memory.
const guaranteeSchema = `
CREATE TABLE guarantee (
	seid           INTEGER NOT NULL PRIMARY KEY,
	supi           TEXT NOT NULL,
	pdu_session_id INTEGER NOT NULL,
	node           TEXT NOT NULL,
	dnn            TEXT NOT NULL,
	sst            INTEGER NOT NULL,
	sd             INTEGER NOT NULL,
	upf            TEXT NOT NULL,
	uplink         INTEGER NOT NULL,
	downlink       INTEGER NOT NULL
) STRICT;
`

// redoSchema is version 9: whose redo log is the store's, up to which of its entries the tables have them, and how often it began anew.
const redoSchema = `
CREATE TABLE redo (
	id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	identity BLOB NOT NULL,
	applied  INTEGER NOT NULL,
	round    INTEGER NOT NULL
) STRICT;
INSERT INTO redo (id, identity, applied, round) VALUES (1, randomblob(16), 0, 0);
`
