package aka

import "io"

// The keys of TS 33.501 §6.2.1. Each is a type of its own, so that one cannot be taken for another, and prints as
// "redacted" under every fmt verb and in slog.
type (
	// CK is the cipher key of the USIM, TS 33.102 §6.3.3.
	CK [16]byte
	// IK is the integrity key of the USIM, TS 33.102 §6.3.3.
	IK [16]byte
	// CKPrime is CK' of EAP-AKA', TS 33.501 §A.3.
	CKPrime [16]byte
	// IKPrime is IK' of EAP-AKA', TS 33.501 §A.3.
	IKPrime [16]byte
	// KAUSF is the home network's key of one authentication, TS 33.501 §A.2.
	KAUSF [32]byte
	// KSEAF is the anchor key of the serving network, TS 33.501 §A.6.
	KSEAF [32]byte
	// KAMF is the key of the AMF, TS 33.501 §A.7.
	KAMF [32]byte
	// KASME is the key of an MME, TS 33.501 §A.14.
	KASME [32]byte
	// KAN is KgNB, KN3IWF, KTNGF, KTWIF or KWAGF, TS 33.501 §A.9, and the KNG-RAN* of TS 33.501 §A.11 and §A.12.
	KAN [32]byte
	// NH is the next hop key, TS 33.501 §A.10.
	NH [32]byte
	// KSN is the key of a secondary node, TS 33.501 §A.16.
	KSN [32]byte
	// RESStar is RES* or XRES*, TS 33.501 §A.4. It is secret until the UE has sent it.
	RESStar [16]byte
	// HRESStar is HRES* or HXRES*, TS 33.501 §A.5.
	HRESStar [16]byte
	// MSK is the master session key of EAP-AKA', RFC 9048 §3.3.
	MSK [64]byte
	// EMSK is the extended master session key of EAP-AKA', RFC 9048 §3.3.
	EMSK [64]byte
	// KEncr is the encryption key of EAP-AKA', RFC 9048 §3.3.
	KEncr [16]byte
	// KAut is the authentication key of EAP-AKA', RFC 9048 §3.3.
	KAut [32]byte
	// KRe is the re-authentication key of EAP-AKA', RFC 9048 §3.3.
	KRe [32]byte
	// AlgorithmKey is a 128-bit key of one ciphering or integrity algorithm, TS 33.501 §A.8.
	AlgorithmKey [16]byte
)

const redacted = "redacted"

func redact(w io.Writer) { _, _ = io.WriteString(w, redacted) }
