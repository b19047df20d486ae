package ran

import (
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/aka/tuak"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/ue"
)

// Parameters of TUAK that this RAN uses, TS 35.231 §5.1.
const (
	tuakRES        = 8 // octets
	tuakIterations = 1
)

// MaxUEs bounds the UEs of one run.
const MaxUEs = 100_000

// Credentials are the secrets of a subscription as text.
type Credentials struct {
	IMSI      string
	Key       string // K in hexadecimal
	OPc       string // OPc, or TOPc, in hexadecimal; or empty
	OP        string // OP, or TOP, from which OPc is made
	Algorithm string // "milenage" or "tuak"; empty: "milenage"
}

// USIM makes a card of the credentials. The home network is plmn, with which the IMSI has to begin.
func (c Credentials) USIM(plmn ident.PLMN) (*ue.USIM, error) {
	supi, err := ident.ParseSUPI(c.IMSI)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(supi.IMSI(), plmn.String()) {
		return nil, fmt.Errorf("IMSI %s is not of PLMN %s", c.IMSI, plmn)
	}
	algorithm, err := c.algorithm()
	if err != nil {
		return nil, err
	}
	return &ue.USIM{SUPI: supi, HomePLMN: plmn, Algorithm: algorithm}, nil
}

func (c Credentials) algorithm() (aka.Algorithm, error) {
	k, err := hex.DecodeString(c.Key)
	if err != nil || len(k) != 16 && (c.Algorithm != "tuak" || len(k) != 32) {
		return nil, errors.New("key: want 32 hexadecimal digits (tuak: 32 or 64)")
	}
	size := 16
	if c.Algorithm == "tuak" {
		size = 32
	}
	text, name := c.OPc, "OPc"
	if text == "" {
		text, name = c.OP, "OP"
	}
	op, err := hex.DecodeString(text)
	if err != nil || len(op) != size {
		return nil, fmt.Errorf("%s: want %d hexadecimal digits", name, 2*size)
	}
	switch c.Algorithm {
	case "", "milenage":
		opc := milenage.OPc(op)
		if c.OPc == "" {
			opc = milenage.NewOPc((*[16]byte)(k), (*milenage.OP)(op))
		}
		return milenage.New((*[16]byte)(k), &opc), nil
	case "tuak":
		topc := tuak.TOPc(op)
		if c.OPc == "" {
			if topc, err = tuak.NewTOPc(k, (*tuak.TOP)(op), tuakIterations); err != nil {
				return nil, err
			}
		}
		return tuak.New(k, &topc, tuakRES, tuakIterations)
	}
	return nil, fmt.Errorf("algorithm %q is not milenage or tuak", c.Algorithm)
}

// Consecutive returns the credentials of count subscriptions with consecutive IMSIs and one key.
func Consecutive(first Credentials, count int) ([]Credentials, error) {
	if count < 1 || count > MaxUEs {
		return nil, fmt.Errorf("count %d: want 1 to %d", count, MaxUEs)
	}
	supi, err := ident.ParseSUPI(first.IMSI)
	if err != nil {
		return nil, err
	}
	digits := supi.IMSI()
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return nil, err
	}
	all := make([]Credentials, count)
	for i := range all {
		imsi := fmt.Sprintf("%0*d", len(digits), n+uint64(i))
		if len(imsi) != len(digits) {
			return nil, fmt.Errorf("IMSI %s and %d more do not fit in %d digits", digits, count-1, len(digits))
		}
		all[i] = first
		all[i].IMSI = imsi
	}
	return all, nil
}

// ReadCredentials reads a CSV file (RFC 4180 §2) whose first row names the columns imsi, key, opc or op, and perhaps
// algorithm, in any order. Other columns are passed over, so that a file for a core's import serves here too.
func ReadCredentials(r io.Reader) ([]Credentials, error) {
	rows := csv.NewReader(r)
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("header row: %w", err)
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
	}
	column := func(row []string, name string) string {
		if i := slices.Index(header, name); i >= 0 {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	var all []Credentials
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(all) == MaxUEs {
			return nil, fmt.Errorf("more than %d subscribers", MaxUEs)
		}
		c := Credentials{
			IMSI: column(row, "imsi"), Key: column(row, "key"), OPc: column(row, "opc"), OP: column(row, "op"),
			Algorithm: strings.ToLower(column(row, "algorithm")),
		}
		if c.IMSI == "" || c.Key == "" || c.OPc == "" && c.OP == "" {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: want imsi, key, and opc or op", line)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no subscriber in the file")
	}
	return all, nil
}

// ParseSUCI reads "null", "A:keyid:publickey" or "B:keyid:publickey" (hexadecimal), TS 33.501 §C.3.4. The key is nil for
// the null scheme.
func ParseSUCI(s string) (*suci.PublicKey, error) {
	if s == "" || s == "null" {
		return nil, nil
	}
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return nil, fmt.Errorf("SUCI %q is not null, A:keyid:publickey or B:keyid:publickey", s)
	}
	scheme := suci.ProfileA
	switch parts[0] {
	case "A", "a":
	case "B", "b":
		scheme = suci.ProfileB
	default:
		return nil, fmt.Errorf("SUCI scheme %q is not null, A or B", parts[0])
	}
	id, err := strconv.ParseUint(parts[1], 10, 8)
	if err != nil {
		return nil, fmt.Errorf("SUCI key identifier %q is not 0 to 255", parts[1])
	}
	key, err := hex.DecodeString(parts[2])
	if err != nil {
		return nil, fmt.Errorf("SUCI public key: %w", err)
	}
	return suci.NewPublicKey(scheme, uint8(id), key)
}
