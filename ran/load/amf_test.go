package load

import (
	"context"
	"testing"

	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// silentAMF is an AMF that accepts a gNB, TS 38.413 §8.7.1, and then says nothing more.
func silentAMF(t *testing.T) func(context.Context) (sctp.Association, error) {
	return func(context.Context) (sctp.Association, error) {
		near, far := sctp.Pipe()
		go func() {
			for {
				m, err := far.Receive(context.Background())
				if err != nil {
					return
				}
				request, err := ngap.Decode(m.Data)
				if err != nil {
					t.Errorf("the gNB sent what cannot be read: %v", err)
					return
				}
				if _, ok := request.(*ngap.NGSetupRequest); !ok {
					continue
				}
				plmn := ngap.PLMNIdentity(testPLMN)
				response, err := ngap.Append(nil, &ngap.NGSetupResponse{
					AMFName:             "silent",
					ServedGUAMIList:     ngap.ServedGUAMIList{{GUAMI: ngap.GUAMI{PLMNIdentity: plmn}}},
					RelativeAMFCapacity: 1,
					PLMNSupportList:     ngap.PLMNSupportList{{PLMNIdentity: plmn, SliceSupportList: ngap.SliceSupportList{{SNSSAI: ngap.NewSNSSAI(testSlice)}}}},
				})
				if err != nil {
					t.Errorf("NG Setup: %v", err)
					return
				}
				if far.Send(context.Background(), sctp.Message{PPID: sctp.PPIDNGAP, Data: response}) != nil {
					return // the gNB has left
				}
			}
		}()
		return near, nil
	}
}
