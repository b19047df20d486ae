package aka

// USIM answers challenges as a simulated phone does: an algorithm set with its sequence number memory. It is not safe
// for concurrent use.
type USIM struct {
	Algorithm Algorithm
	Verifier  Verifier
}

// SyncError is a synchronisation failure with the AUTS that the UE sends back, TS 33.102 §6.3.3. It is an ErrSync.
type SyncError struct{ AUTS AUTS }

func (*SyncError) Error() string { return ErrSync.Error() }

// Unwrap is ErrSync.
func (*SyncError) Unwrap() error { return ErrSync }

// Authenticate judges a challenge in 5GS and answers it, TS 33.501 §6.1.3.2: first MAC-A, then the AMF separation bit,
// then the freshness of the sequence number. The error is ErrMAC, ErrSeparationBit or a *SyncError: the causes
// "MAC failure", "non-5G authentication unacceptable" and "synch failure" of TS 24.501 §5.4.1.3.7.
func (u *USIM) Authenticate(rand *RAND, autn *AUTN) (Response, error) {
	sqn, r, err := OpenAUTN(u.Algorithm, rand, autn)
	if err != nil {
		return Response{}, err
	}
	if !autn.AMF().SeparationBit() {
		return Response{}, ErrSeparationBit
	}
	if err := u.Verifier.Accept(sqn); err != nil {
		return Response{}, &SyncError{AUTS: NewAUTS(u.Algorithm, rand, u.Verifier.Highest())}
	}
	return r, nil
}
