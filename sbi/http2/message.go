// Package http2 is how the services between cores travel from process to process, TS 29.500 §5.1: each operation as the
// JSON of its OpenAPI file, with N1 and N2 messages as binary parts beside it, TS 29.500 §6.1.2.4. The Go types of the
// services are shorter than those documents and know their own encodings; what goes over the wire has shapes of its own here.
//
// A receiver ignores members that it does not know (a later release may add some), and refuses what is
// ambiguous, of the wrong type, too large or lacks what is mandatory.
package http2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/sbi"
)

// The most that a message may be. A UE has at most 15 PDU sessions, each with one N2 container, and the containers of
// the radio are the only large ones.
const (
	maxMessage = 512 << 10 // octets in all
	maxJSON    = 128 << 10 // octets of the JSON part
	maxBinary  = 128 << 10 // octets of a binary part
	maxParts   = 40        // binary parts
	maxDepth   = 16        // of JSON
	maxID      = 255       // octets of a Content-ID
)

// The content types of TS 29.500 §6.1.2.4 and TS 29.518 §6.1.2.4.
const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json"
	typeRelated = "multipart/related"
	typeNAS     = "application/vnd.3gpp.5gnas"
	typeNGAP    = "application/vnd.3gpp.ngap"
)

// message is the body of a request or response.
type message struct {
	contentType string // "": there is no body
	body        []byte
}

// binaryRef refers to a binary part: RefToBinaryData of TS 29.571.
type binaryRef struct {
	ContentID string `json:"contentId"`
}

type binaryPart struct {
	kind string // content type
	data []byte
}

// out gathers the binary parts of a message that is being written.
type out struct {
	parts []binaryPart
}

func (o *out) binary(kind string, data []byte) *binaryRef {
	if len(data) == 0 {
		return nil
	}
	o.parts = append(o.parts, binaryPart{kind, data})
	return &binaryRef{contentID(len(o.parts) - 1)}
}

func contentID(i int) string { return "part" + strconv.Itoa(i+1) }

// encode writes a value in the shape that put gives it.
func encode[V, W any](put func(*out, *V) *W, v *V) (message, error) {
	var o out
	text, err := json.Marshal(put(&o, v))
	switch {
	case err != nil:
		return message{}, err
	case len(text) > maxJSON:
		return message{}, fmt.Errorf("%d octets of JSON: at most %d can be sent", len(text), maxJSON)
	case len(o.parts) > maxParts:
		return message{}, fmt.Errorf("%d binary parts: at most %d can be sent", len(o.parts), maxParts)
	case len(o.parts) == 0:
		return message{typeJSON, text}, nil
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := writePart(w, textproto.MIMEHeader{"Content-Type": {typeJSON}}, text); err != nil {
		return message{}, err
	}
	for i, p := range o.parts {
		if len(p.data) > maxBinary {
			return message{}, fmt.Errorf("a binary part of %d octets: at most %d can be sent", len(p.data), maxBinary)
		}
		header := textproto.MIMEHeader{"Content-Type": {p.kind}, "Content-Id": {contentID(i)}}
		if err := writePart(w, header, p.data); err != nil {
			return message{}, err
		}
	}
	if err := w.Close(); err != nil {
		return message{}, err
	}
	if b.Len() > maxMessage {
		return message{}, fmt.Errorf("a message of %d octets: at most %d can be sent", b.Len(), maxMessage)
	}
	kind := mime.FormatMediaType(typeRelated, map[string]string{"boundary": w.Boundary(), "type": typeJSON})
	return message{kind, b.Bytes()}, nil
}

func writePart(w *multipart.Writer, header textproto.MIMEHeader, data []byte) error {
	p, err := w.CreatePart(header)
	if err == nil {
		_, err = p.Write(data)
	}
	return err
}

// readMessage takes a body of at most maxMessage octets; the error is a 413 if there are more.
func readMessage(contentType string, body io.Reader) (message, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxMessage+1))
	switch {
	case err != nil:
		return message{}, sbi.Problem(http.StatusBadRequest, sbi.CauseInvalidMsgFormat, "the body breaks off: %v", err)
	case len(b) > maxMessage:
		return message{}, sbi.Problem(http.StatusRequestEntityTooLarge, sbi.CauseInvalidMsgFormat, "a body of more than %d octets", maxMessage)
	}
	return message{contentType, b}, nil
}

// decode reads a value from the shape that get knows. The error is a *sbi.ProblemDetails.
func decode[V, W any](get func(*in, *W) V, m message) (v V, err error) {
	text, parts, err := m.split()
	if err != nil {
		return v, err
	}
	var w W
	if err := strictJSON(text, &w); err != nil {
		return v, err
	}
	d := &in{parts: parts}
	v = get(d, &w)
	if d.err != nil {
		var none V
		return none, d.err
	}
	return v, nil
}

// split gives the JSON and the binary parts, by Content-ID.
func (m message) split() (text []byte, parts map[string]binaryPart, err error) {
	kind, params, err := mime.ParseMediaType(m.contentType)
	if err != nil {
		return nil, nil, unsupported("the Content-Type %q cannot be read: %v", m.contentType, err)
	}
	switch kind {
	case typeJSON, typeProblem:
		if len(m.body) > maxJSON {
			return nil, nil, malformed("more than %d octets of JSON", maxJSON)
		}
		return m.body, nil, nil
	case typeRelated:
		if params["boundary"] == "" {
			return nil, nil, malformed("%s without a boundary", typeRelated)
		}
		return splitRelated(multipart.NewReader(bytes.NewReader(m.body), params["boundary"]))
	}
	return nil, nil, unsupported("a body of type %q: want %s or %s", kind, typeJSON, typeRelated)
}

func splitRelated(r *multipart.Reader) (text []byte, parts map[string]binaryPart, err error) {
	parts = make(map[string]binaryPart)
	for n := 0; ; n++ {
		p, err := r.NextRawPart()
		if err == io.EOF && n > 0 {
			return text, parts, nil
		}
		if err != nil {
			return nil, nil, malformed("part %d of the body cannot be read: %v", n, err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			return nil, nil, malformed("part %d of the body has no Content-Type that can be read", n)
		}
		most := maxBinary
		if n == 0 {
			most = maxJSON
		}
		data, err := io.ReadAll(io.LimitReader(p, int64(most)+1))
		switch id := trimID(p.Header.Get("Content-Id")); {
		case err != nil:
			return nil, nil, malformed("part %d of the body breaks off: %v", n, err)
		case len(data) > most:
			return nil, nil, malformed("part %d of the body has more than %d octets", n, most)
		case n == 0 && kind != typeJSON:
			return nil, nil, malformed("the first part of the body is %q: want %s", kind, typeJSON)
		case n == 0:
			text = data
		case n > maxParts:
			return nil, nil, malformed("more than %d binary parts", maxParts)
		case id == "" || len(id) > maxID:
			return nil, nil, malformed("part %d of the body has no Content-ID of 1 to %d octets", n, maxID)
		default:
			if _, twice := parts[id]; twice {
				return nil, nil, malformed("two parts of the body have the Content-ID %q", id)
			}
			parts[id] = binaryPart{kind, data}
		}
	}
}

// trimID takes the angle brackets of RFC 2045 off a Content-ID; some peers leave them out.
func trimID(id string) string {
	if inner, ok := strings.CutPrefix(id, "<"); ok {
		if inner, ok = strings.CutSuffix(inner, ">"); ok {
			return inner
		}
	}
	return id
}

func malformed(format string, args ...any) error {
	return sbi.Problem(http.StatusBadRequest, sbi.CauseInvalidMsgFormat, format, args...)
}

func unsupported(format string, args ...any) error {
	return sbi.Problem(http.StatusUnsupportedMediaType, sbi.CauseInvalidMsgFormat, format, args...)
}
