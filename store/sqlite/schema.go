package sqlite

// migrations are the steps of the schema: step i brings a file from version i to i+1. A published step is never
// changed; a change is a new step.
var migrations = []string{subscribersSchema}

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
