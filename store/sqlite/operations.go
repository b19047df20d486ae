package sqlite

import (
	"fmt"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/store/redo"
)

// An operation is a change that can be written down and made again. What it finds, it finds again where it is made again
// after the same others, so its outcome is no error of it: that is only of the transaction.
type operation interface {
	apply(t *transaction) error
	write(w *record.Writer)
}

// The fields of an entry of the redo log.
const (
	fieldKeepUE = redo.FirstField + iota
	fieldKeepSM
	fieldRemoveUE
	fieldRemoveSM
)

// keepUEs is KeepUEs.
type keepUEs struct {
	list []store.UEContext
	errs []error // one for each
}

func (k *keepUEs) write(w *record.Writer) {
	for i := range k.list {
		u := &k.list[i]
		w.Group(fieldKeepUE, func(w *record.Writer) {
			w.String(1, string(u.SUPI))
			w.Uint(2, uint64(u.TMSI))
			w.Uint(3, uint64(u.OldTMSI))
			w.String(4, u.Node)
			w.Uint(5, u.Epoch)
			w.Bytes(6, u.Record)
			w.Bool(7, u.Known)
		})
	}
}

func readKeepUE(r *record.Reader) operation {
	u := store.UEContext{Record: []byte{}}
	for r.Next() {
		switch r.Field() {
		case 1:
			u.SUPI = ident.SUPI(r.String())
		case 2:
			u.TMSI = uint32(r.Uint())
		case 3:
			u.OldTMSI = uint32(r.Uint())
		case 4:
			u.Node = r.String()
		case 5:
			u.Epoch = r.Uint()
		case 6:
			u.Record = r.Bytes()
		case 7:
			u.Known = r.Bool()
		}
	}
	return &keepUEs{list: []store.UEContext{u}}
}

// keepSMs is KeepSMs.
type keepSMs struct {
	list []store.SMContext
	errs []error // one for each
}

func (k *keepSMs) write(w *record.Writer) {
	for i := range k.list {
		n := &k.list[i]
		w.Group(fieldKeepSM, func(w *record.Writer) {
			w.String(1, string(n.SUPI))
			w.Uint(2, uint64(n.PDUSessionID))
			w.Uint(3, n.SEID)
			w.String(4, n.Node)
			w.String(5, string(n.DNN))
			w.String(6, n.UPF)
			w.Bytes(7, binaryOf(n.IPv4))
			w.Bytes(8, binaryOf(n.IPv6))
			w.Bytes(9, n.Record)
			w.Bool(10, n.Known)
			w.Bool(11, n.WithUE)
		})
	}
}

// binaryOf is the binary form of an address or a prefix, which never fails.
func binaryOf(a interface{ MarshalBinary() ([]byte, error) }) []byte {
	b, _ := a.MarshalBinary()
	return b
}

func readKeepSM(r *record.Reader) (operation, error) {
	n := store.SMContext{Record: []byte{}}
	var err error
	for r.Next() && err == nil {
		switch r.Field() {
		case 1:
			n.SUPI = ident.SUPI(r.String())
		case 2:
			n.PDUSessionID = uint8(r.Uint())
		case 3:
			n.SEID = r.Uint()
		case 4:
			n.Node = r.String()
		case 5:
			n.DNN = ident.DNN(r.String())
		case 6:
			n.UPF = r.String()
		case 7:
			err = n.IPv4.UnmarshalBinary(r.Bytes())
		case 8:
			err = n.IPv6.UnmarshalBinary(r.Bytes())
		case 9:
			n.Record = r.Bytes()
		case 10:
			n.Known = r.Bool()
		case 11:
			n.WithUE = r.Bool()
		}
	}
	return &keepSMs{list: []store.SMContext{n}}, err
}

// removeUE is RemoveUE.
type removeUE struct {
	supi    ident.SUPI
	node    string
	epoch   uint64
	refused error
}

func (o *removeUE) write(w *record.Writer) {
	w.Group(fieldRemoveUE, func(w *record.Writer) {
		w.String(1, string(o.supi))
		w.String(2, o.node)
		w.Uint(3, o.epoch)
	})
}

func readRemoveUE(r *record.Reader) operation {
	var o removeUE
	for r.Next() {
		switch r.Field() {
		case 1:
			o.supi = ident.SUPI(r.String())
		case 2:
			o.node = r.String()
		case 3:
			o.epoch = r.Uint()
		}
	}
	return &o
}

// removeSM is RemoveSM.
type removeSM struct {
	supi         ident.SUPI
	pduSessionID uint8
	seid         uint64
}

func (o *removeSM) write(w *record.Writer) {
	w.Group(fieldRemoveSM, func(w *record.Writer) {
		w.String(1, string(o.supi))
		w.Uint(2, uint64(o.pduSessionID))
		w.Uint(3, o.seid)
	})
}

func readRemoveSM(r *record.Reader) operation {
	var o removeSM
	for r.Next() {
		switch r.Field() {
		case 1:
			o.supi = ident.SUPI(r.String())
		case 2:
			o.pduSessionID = uint8(r.Uint())
		case 3:
			o.seid = r.Uint()
		}
	}
	return &o
}

// redone makes the operations of an entry again. Error: store.ErrDamaged, or one of the transaction.
func (t *transaction) redone(entry []byte) error {
	r, err := record.Open(entry)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	for r.Next() {
		if r.Field() < redo.FirstField {
			continue
		}
		var o operation
		r.Group(func(in *record.Reader) {
			switch r.Field() {
			case fieldKeepUE:
				o = readKeepUE(in)
			case fieldKeepSM:
				o, err = readKeepSM(in)
			case fieldRemoveUE:
				o = readRemoveUE(in)
			case fieldRemoveSM:
				o = readRemoveSM(in)
			default:
				err = fmt.Errorf("operation %d", r.Field())
			}
		})
		if err != nil || r.Err() != nil {
			break
		}
		// One that breaks a rule of the tables broke it before, and was not answered as kept.
		if err := o.apply(t); err != nil && !breaksRule(err) {
			return err
		}
	}
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		return fmt.Errorf("redo log: %w: %w", store.ErrDamaged, err)
	}
	return nil
}
