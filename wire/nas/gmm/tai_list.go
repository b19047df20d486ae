package gmm

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// TAIListType is the type of a partial list, TS 24.501 §9.11.3.9.
type TAIListType uint8

// Types of partial lists.
const (
	TAIsOfOnePLMN      TAIListType = 0 // any tracking area codes
	ConsecutiveTAIs    TAIListType = 1 // one PLMN, tracking area codes one after the other
	TAIsOfSeveralPLMNs TAIListType = 2
)

// PartialTAIList is a part of a TAI list with its TAIs written out.
type PartialTAIList struct {
	Type TAIListType
	TAIs []ident.TAI
}

// TAIList is the 5GS tracking area identity list, TS 24.501 §9.11.3.9: up to 16 TAIs.
type TAIList []PartialTAIList

const maxTAIs = 16

// NewTAIList returns the list in the fewest octets: consecutive codes of a PLMN as such (type 1), others of a PLMN
// together (type 0), and those of several PLMNs in one partial list (type 2) where that is shorter. TAIs beyond the 16th are
// left out.
func NewTAIList(tais ...ident.TAI) TAIList {
	if len(tais) == 0 {
		return nil
	}
	tais = tais[:min(len(tais), maxTAIs)]
	var list TAIList
	for rest := tais; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].PLMN == rest[0].PLMN {
			n++
		}
		list = append(list, ofOnePLMN(rest[:n])...)
		rest = rest[n:]
	}
	if mixed := (TAIList{{TAIsOfSeveralPLMNs, tais}}); mixed.size() < list.size() {
		return mixed
	}
	return list
}

// ofOnePLMN is the shorter of one partial list and of a partial list for each run of consecutive codes.
func ofOnePLMN(tais []ident.TAI) TAIList {
	var runs TAIList
	for rest := tais; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].TAC == rest[0].TAC+ident.TAC(n) {
			n++
		}
		t := TAIsOfOnePLMN
		if n > 1 {
			t = ConsecutiveTAIs
		}
		runs = append(runs, PartialTAIList{t, rest[:n]})
		rest = rest[n:]
	}
	if one := (TAIList{{TAIsOfOnePLMN, tais}}); one.size() <= runs.size() && len(runs) > 1 {
		return one
	}
	return runs
}

// size is how many octets the list takes.
func (l TAIList) size() int {
	n := 0
	for _, p := range l {
		switch p.Type {
		case ConsecutiveTAIs:
			n += 1 + 3 + 3
		case TAIsOfSeveralPLMNs:
			n += 1 + 6*len(p.TAIs)
		default:
			n += 1 + 3 + 3*len(p.TAIs)
		}
	}
	return n
}

// Contains tells whether the list has the TAI.
func (l TAIList) Contains(tai ident.TAI) bool {
	for _, p := range l {
		for _, t := range p.TAIs {
			if t == tai {
				return true
			}
		}
	}
	return false
}

// All returns the TAIs of all partial lists.
func (l TAIList) All() []ident.TAI {
	var all []ident.TAI
	for _, p := range l {
		all = append(all, p.TAIs...)
	}
	return all
}

// Parse reads the value part. What follows the 16th TAI is ignored.
func (l *TAIList) Parse(b []byte) error {
	*l = nil
	for n := 0; len(b) > 0 && n < maxTAIs; {
		t := TAIListType(b[0] >> 5 & 3)
		if t > TAIsOfSeveralPLMNs {
			return nas.ErrReserved
		}
		tais, rest, err := parsePartialTAIs(b, maxTAIs-n)
		if err != nil {
			return err
		}
		*l = append(*l, PartialTAIList{t, tais})
		n += len(tais)
		b = rest
	}
	return nil
}

// parsePartialTAIs reads a partial list of type 0, 1 or 2 and keeps at most limit TAIs of it. A list of type 3
// (of service areas only, TS 24.501 §9.11.3.49) is a PLMN without tracking area code.
func parsePartialTAIs(b []byte, limit int) (tais []ident.TAI, rest []byte, err error) {
	t, n := TAIListType(b[0]>>5&3), min(int(b[0]&0x1f)+1, maxTAIs)
	size := [...]int{3 + 3*n, 6, 6 * n, 3}[t]
	if len(b) < 1+size {
		return nil, nil, nas.ErrLength
	}
	v, rest := b[1:1+size], b[1+size:]
	if t == AllTAIs {
		plmn, err := nas.ParsePLMN(v)
		return []ident.TAI{{PLMN: plmn}}, rest, err
	}
	tais = make([]ident.TAI, min(n, limit))
	for i := range tais {
		at := 0
		if t == TAIsOfSeveralPLMNs {
			at = 6 * i
		}
		if tais[i].PLMN, err = nas.ParsePLMN(v[at : at+3]); err != nil {
			return nil, nil, err
		}
		if t == TAIsOfOnePLMN {
			at = 3 * i
		}
		tais[i].TAC = tac(v[at+3:])
		if t == ConsecutiveTAIs {
			tais[i].TAC = (tais[i].TAC + ident.TAC(i)) & ident.MaxTAC
		}
	}
	return tais, rest, nil
}

// Append writes the value part.
func (l TAIList) Append(dst []byte) ([]byte, error) {
	n := 0
	for _, p := range l {
		var err error
		if p.Type > TAIsOfSeveralPLMNs {
			return dst, nas.ErrReserved
		}
		if dst, err = appendPartialTAIs(dst, 0, p.Type, p.TAIs); err != nil {
			return dst, err
		}
		n += len(p.TAIs)
	}
	if n > maxTAIs {
		return dst, nas.ErrTooMany
	}
	return dst, nil
}

// appendPartialTAIs writes a partial list with the flags of its first octet.
func appendPartialTAIs(dst []byte, flags byte, t TAIListType, tais []ident.TAI) ([]byte, error) {
	if len(tais) == 0 || len(tais) > maxTAIs {
		return dst, nas.ErrTooMany
	}
	dst = append(dst, flags|byte(t)<<5|byte(len(tais)-1))
	for i, tai := range tais {
		if tai.TAC > ident.MaxTAC || !tai.PLMN.Valid() {
			return dst, nas.ErrReserved
		}
		if t != TAIsOfSeveralPLMNs && tai.PLMN != tais[0].PLMN {
			return dst, nas.ErrReserved
		}
		if t == TAIsOfSeveralPLMNs || i == 0 {
			dst = append(dst, tai.PLMN[:]...)
		}
		if t == ConsecutiveTAIs {
			if tai.TAC != (tais[0].TAC+ident.TAC(i))&ident.MaxTAC {
				return dst, nas.ErrReserved
			}
			if i > 0 {
				continue
			}
		}
		dst = append(dst, byte(tai.TAC>>16), byte(tai.TAC>>8), byte(tai.TAC))
	}
	return dst, nil
}

func tac(b []byte) ident.TAC { return ident.TAC(b[0])<<16 | ident.TAC(b[1])<<8 | ident.TAC(b[2]) }
